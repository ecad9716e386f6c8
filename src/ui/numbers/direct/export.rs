//! The sum as a figure: SVG and PNG beside the table.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::rows::{Order, Row, rows};
use crate::render::figure::{Caption, Preset, SumFigure, SumLine, figure};
use crate::state::stream::numbers::DirectNumbers;
use crate::state::{CaptionText, State, wording};
use crate::ui::erased::view;
use crate::ui::share::figures::Made;
use crate::ui::share::{Format, hand_over};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// "SVG" and "PNG", which save the sum in the order on screen.
#[component]
pub fn SumExport(page: Page, numbers: Same<DirectNumbers>, order: RwSignal<Order>) -> impl IntoView {
    let numbers = StoredValue::new(numbers);
    let problem = RwSignal::new(None::<String>);
    let save = move |format: Format| {
        let order = order.get_untracked();
        let made = numbers.with_value(|numbers| page.peek(|state| sum_figure(state, &numbers.0, order)));
        let Some((view, caption)) = made else { return };
        let stem = page.peek(|state| format!("{}-sum", state.file_stem()));
        let drawn = figure(&view, Preset::Page, &caption);
        spawn_local(async move {
            let saved = hand_over(Made::Figure(drawn, caption), format, &stem).await;
            problem.try_set(saved.err());
        });
    };
    let button = move |(format, name, title): (Format, &'static str, &'static str)| {
        view! { <button type="button" class="link" title=title on:click=move |_| save(format)>{name}</button> }
    };
    view! {
        {[
            (Format::Svg, "SVG", "Save this sum as vectors and text"),
            (Format::Png, "PNG", "Save this sum as pixels, 300 per inch"),
        ]
            .map(button)
            .collect_view()}
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
    }
}

/// The sum as it is listed, with what makes it reproducible.
fn sum_figure(state: &State, numbers: &DirectNumbers, order: Order) -> Option<(SumFigure, Caption)> {
    let line = |Row { name, value, sum, .. }: Row| SumLine { name, value, sum };
    let (total, outcome) = (numbers.total(), numbers.outcome());
    let meaning = format!(
        "Sum of all components {}, the model’s own value {}, unexplained {}. Blue: for the answer; orange: against it. What each component \
         wrote towards the answer, not what its ablation would show.",
        wording::change(total),
        wording::change(outcome),
        wording::change(outcome - total),
    );
    let figure = SumFigure { lines: rows(numbers, order).into_iter().map(line).collect(), meaning };
    let CaptionText { title, text, fields } = state.sum_caption(numbers.position)?;
    Some((figure, Caption { title, text, fields }))
}

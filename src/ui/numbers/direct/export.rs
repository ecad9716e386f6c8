//! The sum as a figure: SVG and PNG beside the table.

use leptos::prelude::*;

use super::rows::{Order, Row, rows};
use crate::render::figure::{Caption, Draw, Preset, SumFigure, SumLine};
use crate::state::stream::numbers::DirectNumbers;
use crate::state::{CaptionText, State, wording};
use crate::ui::erased::view;
use crate::ui::share::figure_buttons::FigureButtons;
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;

/// "SVG" and "PNG", which save the sum in the order on screen.
#[component]
pub fn SumExport(page: Page, numbers: Same<DirectNumbers>, order: RwSignal<Order>) -> impl IntoView {
    let make = move || {
        let order = order.get_untracked();
        let (sum, caption) = page.peek(|state| sum_figure(state, &numbers.0, order))?;
        Some((Box::new(sum) as Box<dyn Draw>, caption))
    };
    view! { <FigureButtons page what="sum" preset=Preset::Page make=Box::new(make) /> }
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

//! The way of the chosen cell's content as a list, with the threshold from which steps are drawn.

use leptos::prelude::*;

use super::model::Stream;
use crate::state::stream::path::{PathNumbers, StepNumbers};
use crate::state::{Event, StreamEvent, wording};
use crate::ui::erased::view;
use crate::ui::numbers::parts_table::parts_table;
use crate::ui::small::csv_button::CsvButton;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// How many steps are listed.
const N_LISTED: usize = 20;
/// The threshold to begin with, in hundredths.
const FIRST_THRESHOLD: u8 = 5;

/// The panel; the path is asked for while it is open.
#[component]
pub fn PathPanel(stream: Stream) -> impl IntoView {
    let page = stream.page;
    let threshold = RwSignal::new(FIRST_THRESHOLD);
    let is_open = page.memo(|state| state.stream.opened.path.is_some());
    let path = page.memo(|state| state.stream.path.value().cloned().map(Same));
    let problem = page.memo(|state| state.stream.path.problem().map(str::to_owned));
    let show = move |is_shown: bool| {
        let path = is_shown.then(|| threshold.get_untracked());
        page.dispatch(Event::Stream(StreamEvent::PathShown(path)));
    };
    on_cleanup(move || show(false));
    let change = move |text: String| {
        threshold.set(text.parse().unwrap_or(FIRST_THRESHOLD).clamp(1, 100));
        if is_open.get_untracked() {
            show(true);
        }
    };
    let body = move || {
        if let Some(problem) = problem.get() {
            return Some(view! { <Problem message=problem /> });
        }
        let cell = stream.chosen.get()?;
        let path = path.get().filter(|path| path.0.cell == cell)?;
        Some(list(&path.0, threshold.get()))
    };
    view! {
        <details
            class="panel cell-path"
            on:toggle:target=move |event| show(event.target().has_attribute("open"))
        >
            <summary>"Path up from this cell"</summary>
            <div class="fields">
                <label>
                    "From (percent)"
                    <input
                        type="number"
                        min="1"
                        max="100"
                        step="1"
                        prop:value=move || threshold.get().to_string()
                        on:change:target=move |event| change(event.target().value())
                    />
                </label>
            </div>
            {body}
            <CsvButton
                name="path"
                table=Box::new(move || page.peek(|state| state.stream.path.value().map(|path| path.to_csv())))
            />
            <p class="hint">
                "Which heads and MLPs carried the content of this cell up: its share of the stream (part · sum ÷ ‖sum‖²), passed on from layer to layer by the share of each part. A linear account of this text, without what content does to patterns and activations."
            </p>
        </details>
    }
}

fn list(path: &PathNumbers, threshold: u8) -> AnyView {
    let n_all = path.from_threshold(threshold).count();
    let row = |step: &StepNumbers| {
        let place =
            if step.from == step.to { format!("at {}", step.to) } else { format!("{} → {}", step.from, step.to) };
        view! {
            <tr>
                <th scope="row">{step.name()}</th>
                <td>{place}</td>
                <td class="number">{wording::short_change(step.amount)}</td>
            </tr>
        }
    };
    view! {
        {parts_table(
            "Steps of the path",
            ["Carried by", "Positions", "Share"],
            path.from_threshold(threshold).take(N_LISTED).map(row),
        )}
        <p class="note">{format!("{} from {threshold} % on", wording::count(n_all, "step"))}</p>
    }
}

//! What a classifier says, as a list with bars.

use leptos::prelude::*;

use super::panel::is_change;
use crate::state::labels::LabelRow;
use crate::state::{State, wording};
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The number of labels listed.
const N_LABELS: usize = 20;

/// The labels of the text, or of the chosen token; of B − A the change of each.
#[component]
pub fn LabelList(page: Page) -> impl IntoView {
    let found = page.memo(|state| (state.label_rows(), is_change(state)));
    let problem = page.memo(|state| state.readings.labels.problem().map(str::to_owned));
    let hint = page.memo(|state| {
        let has_some = state.readings.labels.value().is_some();
        (!has_some && !state.can_answer(true)).then_some("Run the text in the model to see its labels.")
    });
    view! {
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
        {move || hint.get().map(|hint| view! { <p class="hint">{hint}</p> })}
        <ol class="labels" aria-label="Labels">
            {move || {
                let (rows, is_change) = found.get();
                rows.iter().take(N_LABELS).map(|label| row(label, is_change)).collect_view()
            }}
        </ol>
        {move || {
            let n_more = found.with(|(rows, _)| rows.len().saturating_sub(N_LABELS));
            (n_more > 0).then(|| view! { <p class="hint">{format!("{n_more} more labels.")}</p> })
        }}
    }
}

/// The panel's heading.
pub(super) fn labels_title(state: &State) -> String {
    let what = if is_change(state) { "Change of the labels" } else { "Labels" };
    let token = state.label_position().and_then(|position| {
        let label = state.shown.as_ref()?.labels.get(position)?;
        Some(format!("{what} of {}, token {position}", label.plain))
    });
    token.unwrap_or_else(|| format!("{what} of the text"))
}

fn row(label: &LabelRow, is_change: bool) -> impl IntoView + use<> {
    let number = label.prob.unwrap_or(label.logit);
    let text = if is_change { wording::short_change(number) } else { with_minus(&wording::short_weight(number)) };
    let logit = if is_change { wording::change(label.logit) } else { with_minus(&wording::weight(label.logit)) };
    // A number that is not a probability has no whole to be a part of.
    let percent = label.prob.map_or(0.0, |prob| f64::from(prob.abs().min(1.0)) * 100.0);
    view! {
        <li title=format!("{}, logit {logit}", label.name)>
            <span class="name"><bdi>{label.name.clone()}</bdi></span>
            <span class="number">
                <span class="weight-bar" style:width=format!("{percent:.1}%")></span>
                <span>{text}</span>
            </span>
        </li>
    }
}

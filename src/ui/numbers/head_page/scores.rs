//! The head's scores on this text, and its direct effect on the outcome.

use leptos::prelude::*;

use crate::analysis::scores::Score;
use crate::state::stream::numbers::Component;
use crate::state::{State, wording};
use crate::trace::AttnKind;
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A list of the scores that there are.
#[component]
pub fn HeadScores(page: Page) -> impl IntoView {
    let rows = page.memo(rows);
    let row = |(name, value): (String, String)| {
        view! {
            <dt>{name}</dt>
            <dd class="number">{value}</dd>
        }
    };
    view! { <dl class="head-scores">{move || rows.get().into_iter().map(row).collect_view()}</dl> }
}

fn rows(state: &State) -> Vec<(String, String)> {
    let (layer, head) = (state.selection.layer, state.selection.head());
    let n_heads = state.shown.as_ref().map_or(0, |shown| shown.stack_spec().n_heads);
    let first = (layer * n_heads + head) * Score::ALL.len();
    let named = |score: Score| {
        let value = state.scores.shown()?.get(first + score.index()).filter(|value| !value.is_nan())?;
        Some((score.name().to_owned(), with_minus(&format!("{value:.3}"))))
    };
    let mut rows: Vec<(String, String)> = Score::ALL.into_iter().filter_map(named).collect();
    let kind = state.shown.as_ref().map(|shown| shown.kind).unwrap_or_default();
    let component =
        if kind == AttnKind::CROSS { Component::CrossHead(layer, head) } else { Component::Head(layer, head) };
    let direct = state.stream.direct.value();
    let effect = direct.and_then(|sum| sum.components().into_iter().find(|(found, _)| *found == component));
    rows.extend(effect.map(|(_, effect)| ("direct effect on the outcome".to_owned(), wording::short_change(effect))));
    rows
}

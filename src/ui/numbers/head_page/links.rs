//! The strongest links of the head in this text.

use leptos::prelude::*;

use crate::state::{State, Variant, wording};
use crate::trace::Side;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// How many links are listed.
const N_LINKS: usize = 5;

/// A list of links with their weights; of a difference, of the largest changes.
#[component]
pub fn HeadLinks(page: Page) -> impl IntoView {
    let links = page.memo(links);
    let row = |(name, weight): (String, String)| {
        view! { <li><bdi class="name">{name}</bdi> " " <span class="number">{weight}</span></li> }
    };
    view! {
        <h3>"Strongest links here"</h3>
        <ul class="direct-parts">{move || links.get().into_iter().map(row).collect_view()}</ul>
    }
}

fn links(state: &State) -> Vec<(String, String)> {
    let Some(shown) = &state.shown else { return Vec::new() };
    let is_selected = |drawn: &&std::sync::Arc<crate::state::LayerPatterns>| drawn.layer == state.selection.layer;
    let Some(drawn) = shown.drawn.as_ref().filter(is_selected) else { return Vec::new() };
    let (n_key, size) = (drawn.n_key.max(1), drawn.n_query * drawn.n_key);
    let head = state.selection.head();
    let Some(pattern) = drawn.values.get(head * size..(head + 1) * size) else { return Vec::new() };
    // The first token of a causal text can read only itself.
    let n_skipped = if shown.is_causal() { n_key.min(pattern.len()) } else { 0 };
    let mut order: Vec<usize> = (n_skipped..pattern.len()).collect();
    order.sort_by(|a, b| pattern[*b].abs().total_cmp(&pattern[*a].abs()));
    let is_difference = state.editing.variant == Variant::Difference;
    let name = |side: Side, at: usize| {
        shown.labels(side).get(at).map(|label| format!("{} {at}", label.plain.trim())).unwrap_or_default()
    };
    let link = |at: usize| {
        let weight = if is_difference { wording::change(pattern[at]) } else { wording::weight(pattern[at]) };
        (format!("{} → {}", name(Side::Query, at / n_key), name(Side::Key, at % n_key)), weight)
    };
    order.into_iter().take(N_LINKS).map(link).collect()
}

//! What the components of a layout by likeness are made of.

use leptos::prelude::*;

use super::Shown;
use crate::analysis::atlas::Likeness;
use crate::state::find::AtlasView;
use crate::state::find::atlas::score_name;
use crate::trace::numeral::signed;
use crate::ui::erased::view;

/// What the components are made of.
#[component]
pub fn LikenessNote(shown: Shown) -> impl IntoView {
    let is_likeness = shown.page.memo(|state| state.find.atlas.view == AtlasView::Likeness);
    let note = move || {
        let atlas = shown.atlas.get().filter(|_| is_likeness.get())?;
        let ids = &atlas.file.metadata.scores;
        let Some(likeness) = shown.likeness.get() else {
            return Some("Fewer than two scores differ between heads, so there is nothing to lay out.".to_owned());
        };
        let largest = [0, 1].map(|component| strongest(&likeness, component, ids));
        Some(format!(
            "Principal components of {} scores that every head has, standardised over heads; groups: k-means on the same scores. \
             Component 1: {}. Component 2: {}.",
            likeness.used.len(),
            largest[0],
            largest[1]
        ))
    };
    view! { {move || note().map(|note| view! { <p class="hint">{note}</p> })} }
}

/// The three scores that go most into a component: "entropy +0.41, …".
fn strongest(likeness: &Likeness, component: usize, ids: &[String]) -> String {
    let mut parts: Vec<(usize, f64)> =
        likeness.used.iter().zip(&likeness.loadings).map(|(score, loading)| (*score, loading[component])).collect();
    parts.sort_by(|(_, one), (_, other)| other.abs().total_cmp(&one.abs()));
    let part =
        |(score, loading): &(usize, f64)| format!("{} {}", score_name(&ids[*score]), signed(&format!("{loading:+.2}")));
    parts.iter().take(3).map(part).collect::<Vec<String>>().join(", ")
}

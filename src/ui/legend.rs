//! What lines and strips mean, with numbers.

use leptos::prelude::*;

use super::scene::Scene;
use crate::state::wording;

/// Under the figure.
#[component]
pub fn Legend(
    /// What is shown.
    scene: Memo<Option<Scene>>,
) -> impl IntoView {
    let meaning = Memo::new(move |_| scene.with(|scene| scene.as_ref().map(meaning)));
    view! {
        <div class="legend">
            <span>{move || meaning.get()}</span>
            <span class="scale" aria-hidden="true">
                <span>"0"</span>
                <span class="ramp"></span>
                <span>"1"</span>
            </span>
            <span>"Below 0.004 nothing is drawn"</span>
            <span class="keys">
                <span class="for-touch">"Tap a token for its weights, tap again to keep it."</span>
                <span class="for-pointer">
                    "Point at a token for its weights, click to keep it. Keys: arrows, Enter keeps, Esc lets go; L and H: \
                    next layer and head (Shift: back); A: all heads."
                </span>
            </span>
        </div>
    }
}

fn meaning(scene: &Scene) -> String {
    let weight = match scene.heads.len() {
        1 => "weight".to_owned(),
        several => format!("mean weight of {}", wording::count(several, "head")),
    };
    let (queries, keys) = (scene.marked_queries.len(), scene.marked_keys.len());
    match if queries > 0 { queries } else { keys } {
        0 => format!("Opacity: {weight}"),
        1 => format!("Opacity and number: {weight}"),
        n_tokens => format!("Opacity: {weight}. Number: its sum over {n_tokens} tokens"),
    }
}

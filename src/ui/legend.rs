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
    let n_active = Memo::new(move |_| scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.heads.len())));
    let of_lines = move || match n_active.get() {
        0 | 1 => "Opacity of a line: the weight".to_owned(),
        several => format!("Opacity of a line: mean weight over {}", wording::count(several, "head")),
    };
    view! {
        <div class="legend">
            <span>{of_lines}</span>
            <span class="scale" aria-hidden="true">
                <span>"0"</span>
                <span class="ramp"></span>
                <span>"1"</span>
            </span>
            <span>"Below 0.004 nothing is drawn."</span>
            <span class="keys">
                "Keys in the figure: arrows move, Enter keeps a token, L and H step through layers and heads \
                (with Shift: back), A shows all heads."
            </span>
        </div>
    }
}

//! The similarity of two texts.

use leptos::prelude::*;

use super::panel::is_change;
use crate::protocol::InputText;
use crate::state::wording;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The similarity of two texts, for a model that predicts no words.
#[component]
pub fn Similarity(page: Page) -> impl IntoView {
    let state = page.memo(|state| {
        let is_pair = state.shown.as_ref().is_some_and(|shown| matches!(shown.input.text, InputText::Pair(..)));
        (is_pair, state.can_answer(true), state.readings.similarity.value().copied(), is_change(state))
    });
    view! {
        <p class="similarity" role="status" aria-label="Similarity">
            {move || match state.get() {
                (_, _, Some(cosine), true) => format!("Cosine {}", wording::short_change(cosine as f32)),
                (_, _, Some(cosine), false) => format!("Cosine {}", wording::short_weight(cosine as f32)),
                (true, true, None, _) => "Reading each text on its own …".to_owned(),
                (true, false, None, _) => "Press Run to compare the two texts, each read on its own.".to_owned(),
                (false, ..) => "Enter a second text to compare the two.".to_owned(),
            }}
        </p>
        <p class="hint">
            "This model embeds sentences; it does not predict words. Each text is read on its own, and its embedding is the \
             mean over its tokens. The model was not trained on two texts in one input, as the views show them."
        </p>
    }
}

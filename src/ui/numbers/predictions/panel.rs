//! What the model predicts: the most likely tokens at a chosen position, and how well each token was predicted. For a sentence
//! embedder, the similarity of two texts; for a classifier, the labels of the text or of a chosen token.

use leptos::prelude::*;

use super::labels::{LabelList, labels_title};
use super::read_text::ReadText;
use super::similarity::Similarity;
use super::top::Top;
use crate::state::{State, Variant};
use crate::trace::spec::Unembed;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The kind of prediction a model makes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    NextToken,
    MaskedToken,
    Labels,
    TokenLabels,
    Nothing,
}

/// The tokens read, to choose a position in, and the predictions there.
#[component]
pub fn Predictions(page: Page) -> impl IntoView {
    let kind = page.memo(|state| {
        let labels = state.label_head().map(|head| if head.is_of_tokens() { Kind::TokenLabels } else { Kind::Labels });
        labels.or_else(|| {
            state.shown.as_ref().map(|shown| match (shown.spec.unembed, shown.spec.is_causal()) {
                (Unembed::Linear { .. }, true) => Kind::NextToken,
                (Unembed::MaskedWord { .. }, _) => Kind::MaskedToken,
                _ => Kind::Nothing,
            })
        })
    });
    let title = page.memo(title);
    view! {
        <section
            class="panel predictions"
            class:without-words=move || kind.get() == Some(Kind::Nothing)
            aria-label=move || match kind.get() {
                Some(Kind::Labels | Kind::TokenLabels) => "Labels",
                _ => "Next token",
            }
        >
            <h2><span>{move || title.get()}</span></h2>
            {move || match kind.get() {
                None => view! { <p class="hint"></p> },
                Some(Kind::Nothing) => view! { <Similarity page /> },
                Some(Kind::Labels) => view! { <LabelList page /> },
                Some(Kind::TokenLabels) => view! { <ReadText page /><LabelList page /> },
                Some(_) => view! { <ReadText page /><Top page /> },
            }}
        </section>
    }
}

/// The position whose predictions are shown.
pub(super) fn position(state: &State) -> Option<usize> {
    let shown = state.shown.as_ref()?;
    if state.gives_labels() {
        return state.label_position();
    }
    state.readings.position.or_else(|| shown.predicting().0.len().checked_sub(1))
}

/// Whether the difference of A and B is on screen, so that every number is a change.
pub(super) fn is_change(state: &State) -> bool {
    state.editing.variant == Variant::Difference
}

fn title(state: &State) -> String {
    let Some(shown) = &state.shown else { return "Next token".to_owned() };
    if state.gives_labels() {
        return labels_title(state);
    }
    let at = position(state).and_then(|position| Some((position, shown.predicting().1.get(position)?.plain.clone())));
    match (shown.spec.unembed, at) {
        (Unembed::None, _) => "Similarity of the two texts".to_owned(),
        (Unembed::MaskedWord { .. }, Some((position, token))) if is_change(state) => {
            format!("Change in the place of {token}, token {position}")
        }
        (_, Some((position, token))) if is_change(state) => {
            format!("Change of the next token after {token}, token {position}")
        }
        (Unembed::MaskedWord { .. }, Some((position, token))) => format!("In the place of {token}, token {position}"),
        (_, Some((position, token))) => format!("Next token after {token}, token {position}"),
        (_, None) => "Next token".to_owned(),
    }
}

//! What the model expects: the most likely tokens at a position that a click chooses, how well each token was predicted,
//! and for sentence embedders how alike the two texts are.

use std::sync::Arc;

use leptos::prelude::*;

use crate::protocol::{InputText, Prediction};
use crate::state::{Event, State, wording};
use crate::trace::TokenForm;
use crate::trace::display::{TokenLabel, token_label};
use crate::trace::spec::Unembed;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Same;
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// A loss at which a token's shade is full, in nats.
const FULL_LOSS: f32 = 12.0;

/// What the model predicts.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    NextToken,
    MaskedToken,
    Nothing,
}

/// The text as it was read, to choose a position in, and what is predicted there.
#[component]
pub fn Predictions(page: Page) -> impl IntoView {
    let kind = page.memo(|state| {
        state.shown.as_ref().map(|shown| match (shown.spec.unembed, shown.spec.is_causal()) {
            (Unembed::Linear { .. }, true) => Kind::NextToken,
            (Unembed::MaskedWord { .. }, _) => Kind::MaskedToken,
            _ => Kind::Nothing,
        })
    });
    let title = page.memo(title);
    view! {
        <section
            class="panel predictions"
            class:without-words=move || kind.get() == Some(Kind::Nothing)
            aria-label="Next token"
        >
            <h2><span>{move || title.get()}</span></h2>
            {move || match kind.get() {
                None => view! { <p class="hint"></p> },
                Some(Kind::Nothing) => view! { <Likeness page /> },
                Some(_) => view! { <ReadText page /><Top page /> },
            }}
        </section>
    }
}

/// The position whose predictions are shown.
fn position(state: &State) -> Option<usize> {
    let shown = state.shown.as_ref()?;
    state.readings.position.or_else(|| shown.predicting().0.len().checked_sub(1))
}

fn title(state: &State) -> String {
    let Some(shown) = &state.shown else { return "Next token".to_owned() };
    let at = position(state).and_then(|position| Some((position, shown.predicting().1.get(position)?.plain.clone())));
    match (shown.spec.unembed, at) {
        (Unembed::None, _) => "Likeness of the two texts".to_owned(),
        (Unembed::MaskedWord { .. }, Some((position, token))) => format!("In the place of {token}, token {position}"),
        (_, Some((position, token))) => format!("Next token after {token}, token {position}"),
        (_, None) => "Next token".to_owned(),
    }
}

/// The tokens that were read; a click chooses where to predict.
#[component]
fn ReadText(page: Page) -> impl IntoView {
    let tokens = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        let (tokens, labels) = shown.predicting();
        Some((shown.request, Same(Arc::clone(labels)), tokens.len(), shown.live_run.is_some()))
    });
    let losses = page.memo(|state| state.readings.losses.clone().map(Same));
    let chosen = page.memo(position);
    let token = move |(position, label, id, is_live): (usize, TokenLabel, u32, bool)| {
        let loss = Derived::new(move || {
            losses.with(|losses| losses.as_ref()?.0.get(position).copied()).filter(|it| !it.is_nan())
        });
        let plain = label.plain.clone();
        let title = move || match loss.get() {
            Some(loss) => format!("{plain}, id {id}\nprobability {:.4}, loss {loss:.2} nats", (-loss).exp()),
            None => format!("{plain}, id {id}"),
        };
        view! {
            <button
                type="button"
                class="read"
                aria-pressed=move || (chosen.get() == Some(position)).to_string()
                prop:disabled=!is_live
                title=title
                style:--loss=move || format!("{:.0}%", loss.get().map_or(0.0, |loss| (loss / FULL_LOSS).clamp(0.0, 1.0) * 45.0))
                on:click=move |_| page.dispatch(Event::PositionPicked(position))
            >
                {token_text(&label)}
            </button>
        }
    };
    let all = move || {
        let (_, labels, _, is_live) = tokens.get()?;
        let ids = page.peek(|state| state.shown.as_ref().map(|shown| shown.predicting().0.ids.clone()))?;
        let each = labels.0.iter().cloned().zip(ids).enumerate();
        Some(each.map(|(position, (label, id))| token((position, label, id, is_live))).collect_view())
    };
    let mean = move || {
        let losses = losses.get()?;
        let losses: Vec<f64> = losses.0.iter().filter(|loss| !loss.is_nan()).map(|loss| f64::from(*loss)).collect();
        let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
        (!losses.is_empty()).then(|| {
            format!("Shade: how surprising a token was, −ln p. Mean {mean:.2} nats, perplexity {:.1}. ", mean.exp())
        })
    };
    view! {
        <div class="read-text" role="group" aria-label="Tokens read">{all}</div>
        <p class="hint">{mean} "Click a token for what is predicted after it."</p>
    }
}

/// Small bars with probabilities.
#[component]
fn Top(page: Page) -> impl IntoView {
    let found = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        let top = match state.readings.position {
            Some(_) => state.readings.top.clone(),
            None => Some(shown.info.top.clone()),
        };
        Some((top.unwrap_or_default(), shown.info.tokens.form))
    });
    view! {
        <ol>
            {move || found.get().map(|(top, form)| top.iter().map(|prediction| row(prediction, form)).collect_view())}
        </ol>
    }
}

fn row(prediction: &Prediction, form: TokenForm) -> impl IntoView + use<> {
    let label = token_label(&prediction.token, form);
    let percent = f64::from(prediction.prob.clamp(0.0, 1.0)) * 100.0;
    view! {
        <li title=format!("{}, id {}", label.plain, prediction.id)>
            <span class="name">{token_text(&label)}</span>
            <span class="number">
                <span class="weight-bar" style:width=format!("{percent:.1}%")></span>
                <span>{format!("{:.3}", prediction.prob)}</span>
            </span>
        </li>
    }
}

/// What a model without word predictions is for.
#[component]
fn Likeness(page: Page) -> impl IntoView {
    let state = page.memo(|state| {
        let is_pair = state.shown.as_ref().is_some_and(|shown| matches!(shown.input.text, InputText::Pair(..)));
        let is_live = state.shown.as_ref().is_some_and(|shown| shown.live_run.is_some());
        (is_pair, is_live, state.readings.similarity)
    });
    view! {
        <p class="likeness" role="status" aria-label="Likeness">
            {move || match state.get() {
                (_, _, Some(cosine)) => format!("Cosine {}", wording::short_weight(cosine as f32)),
                (true, true, None) => "Reading each text on its own …".to_owned(),
                (true, false, None) => "Run compares the two texts, each read on its own.".to_owned(),
                (false, ..) => "Give a second text to compare the two.".to_owned(),
            }}
        </p>
        <p class="hint">
            "This model predicts no words: it was trained to embed sentences. Each text is read on its own and its \
            embedding is the mean over its tokens. Two texts in one input, as drawn above, are not what it was trained on."
        </p>
    }
}

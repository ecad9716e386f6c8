//! The tokens read, shaded by their loss.

use std::sync::Arc;

use leptos::prelude::*;

use super::panel::{is_change, position};
use crate::state::{Event, wording};
use crate::trace::display::TokenLabel;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::same::Same;
use crate::ui::small::token_text::token_text;

/// The loss at which a token's shade is full, in nats.
const FULL_LOSS: f32 = 12.0;

/// The tokens read; a click chooses the position.
#[component]
pub fn ReadText(page: Page) -> impl IntoView {
    let tokens = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        let (tokens, labels) = shown.predicting();
        Some((shown.request, Same(Arc::clone(labels)), tokens.len(), state.can_answer(true)))
    });
    let is_change = page.memo(is_change);
    let losses = page.memo(|state| state.readings.losses.value().cloned().map(Same));
    let chosen = page.memo(position);
    let gives_labels = page.memo(crate::state::State::gives_labels);
    let token = move |(position, label, id, is_live): (usize, TokenLabel, u32, bool)| {
        let loss = Derived::new(move || {
            losses.with(|losses| losses.as_ref()?.0.get(position).copied()).filter(|loss| !loss.is_nan())
        });
        let plain = label.plain.clone();
        let title = move || match loss.get() {
            Some(loss) if is_change.get() => format!("{plain}, id {id}\nloss {} nats", wording::short_change(loss)),
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
            if is_change.get() {
                let mean = wording::short_change(mean as f32);
                return format!("Shade: how much more surprising a token became. Mean change {mean} nats. ");
            }
            format!("Shade: how surprising a token was, −ln p. Mean {mean:.2} nats, perplexity {:.1}. ", mean.exp())
        })
    };
    view! {
        <div class="read-text" role="group" aria-label="Tokens read">{all}</div>
        <p class="hint">
            {mean}
            {move || if gives_labels.get() { "Click a token to see its labels." } else { "Click a token to see what is predicted after it." }}
        </p>
    }
}

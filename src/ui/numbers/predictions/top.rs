//! The most likely tokens at the chosen position.

use leptos::prelude::*;

use super::panel::is_change;
use crate::protocol::Prediction;
use crate::state::wording;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// The most likely tokens, with bars.
#[component]
pub fn Top(page: Page) -> impl IntoView {
    let found = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        let top = match state.readings.position {
            Some(_) => state.readings.top.value().cloned(),
            // What came with the result is A's.
            None if is_change(state) => None,
            None => Some(shown.info.top.clone()),
        };
        Some((top.unwrap_or_default(), shown.info.tokens.form, is_change(state)))
    });
    view! {
        <ol>
            {move || found.get().map(|(top, form, is_change)| {
                top.iter().map(|prediction| row(prediction, form, is_change)).collect_view()
            })}
        </ol>
    }
}

fn row(prediction: &Prediction, form: TokenForm, is_change: bool) -> impl IntoView + use<> {
    let label = token_label(&prediction.token, form);
    let percent = f64::from(prediction.prob.abs().min(1.0)) * 100.0;
    let number =
        if is_change { wording::short_change(prediction.prob) } else { wording::short_weight(prediction.prob) };
    view! {
        <li title=format!("{}, id {}", label.plain, prediction.id)>
            <span class="name">{token_text(&label)}</span>
            <span class="number">
                <span class="weight-bar" style:width=format!("{percent:.1}%")></span>
                <span>{number}</span>
            </span>
        </li>
    }
}

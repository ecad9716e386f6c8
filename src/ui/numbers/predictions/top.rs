//! The most likely tokens at the chosen position.

use leptos::prelude::*;

use crate::protocol::Prediction;
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

//! The panel of the sum.

use leptos::prelude::*;

use super::rows::Order;
use super::sum::Sum;
use crate::protocol::OutcomeAsked;
use crate::state::{Event, StreamEvent, Variant};
use crate::trace::TokenForm;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The outcome as a sum over components, asked for while the panel is open.
#[component]
pub fn DirectPanel(page: Page) -> impl IntoView {
    let order = RwSignal::new(Order::default());
    let numbers = page.memo(|state| state.stream.direct.value().cloned().map(Same));
    let problem = page.memo(|state| state.stream.direct.problem().map(str::to_owned));
    let hint = page.memo(|state| {
        let is_difference =
            matches!(&state.editing.asked, OutcomeAsked::Tokens { .. }) && state.editing.asked.is_complete();
        if state.gives_labels() {
            return Some("A direct effect is one on tokens’ logits, and this model predicts no tokens.");
        }
        (!is_difference).then_some("Choose an outcome: two tokens whose logits are compared.")
    });
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    let is_change = page.memo(|state| state.editing.variant == Variant::Difference);
    let open = move |is_open: bool| page.dispatch(Event::Stream(StreamEvent::DirectShown(is_open)));
    on_cleanup(move || open(false));
    view! {
        <details
            class="panel direct"
            on:toggle:target=move |event| open(event.target().has_attribute("open"))
        >
            <summary>"Direct effect of each component"</summary>
            {move || hint.get().map(|hint| view! { <p class="hint">{hint}</p> })}
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            {move || {
                numbers
                    .get()
                    .filter(|_| hint.get().is_none() && problem.get().is_none())
                    .map(|numbers| view! { <Sum page numbers order form is_change /> })
            }}
        </details>
    }
}

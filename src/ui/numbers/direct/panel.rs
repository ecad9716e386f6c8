//! The panel of the sum.

use leptos::prelude::*;

use super::rows::Order;
use super::sum::Sum;
use crate::state::{Event, State, StreamEvent, Variant};
use crate::trace::TokenForm;
use crate::ui::change::as_python::AsPython;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The outcome as a sum over components, asked for while the panel is open.
#[component]
pub fn DirectPanel(page: Page) -> impl IntoView {
    let order = RwSignal::new(Order::default());
    let numbers = page.memo(|state| state.stream.direct.value().cloned().map(Same));
    let problem = page.memo(|state| state.direct_problem());
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
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            {move || {
                numbers
                    .get()
                    .filter(|_| problem.get().is_none())
                    .map(|numbers| view! { <Sum page numbers order form is_change /> })
            }}
            <AsPython page script=State::direct_script />
        </details>
    }
}

//! A position of the text.

use leptos::prelude::*;

use crate::state::State;
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// A position, with its token beside it.
#[component]
pub fn PositionField(
    page: Page,
    side: Side,
    value: Derived<Option<usize>>,
    change: Box<dyn Fn(Option<usize>)>,
) -> impl IntoView {
    let token = Derived::new(move || {
        let at = value.get();
        page.with(|state: &State| Some(state.shown.as_ref()?.labels(side).get(at?)?.plain.clone()))
    });
    let label = match side {
        Side::Query => "Query",
        Side::Key => "Key",
    };
    view! {
        <label>
            <span>{label} " " <bdi class="token-of">{move || token.get()}</bdi></span>
            <input
                type="number"
                min="0"
                step="1"
                aria-label=label
                prop:value=move || value.get().map_or_else(String::new, |at| at.to_string())
                on:change:target=move |event| change(event.target().value().parse().ok())
            />
        </label>
    }
}

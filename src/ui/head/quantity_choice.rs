//! The choice of what is drawn between a query and a key.

use leptos::prelude::*;

use crate::protocol::Quantity;
use crate::state::{DisplayChange, Event, View, ViewEvent};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::shell::scales::is_shown;

/// A list of quantities, for the head view and the model view.
#[component]
pub fn QuantityChoice(page: Page) -> impl IntoView {
    let chosen = page.memo(|state| state.options.display.quantity);
    let (has_head, has_map) = (is_shown(page, View::Head), is_shown(page, View::Model));
    let is_late = page.memo(|state| state.awaits_quantity());
    let is_offered = Derived::new(move || has_head.get() || has_map.get());
    let option = move |quantity: Quantity| {
        view! {
            <option value=quantity.name() prop:selected=move || chosen.get() == quantity>{quantity.label()}</option>
        }
    };
    view! {
        <div class="control drawn-choice" class:none=move || !is_offered.get() class:late=move || is_late.get()>
            <label class="label" for=page.id("drawn")>"Drawn"</label>
            <select
                id=page.id("drawn")
                aria-busy=move || is_late.get().to_string()
                on:change:target=move |event| {
                    let name = event.target().value();
                    let quantity = Quantity::EACH.into_iter().find(|quantity| quantity.name() == name).unwrap_or_default();
                    page.dispatch(Event::View(ViewEvent::DisplayChanged(DisplayChange::Quantity(quantity))));
                }
            >
                {Quantity::EACH.map(option).collect_view()}
            </select>
        </div>
    }
}

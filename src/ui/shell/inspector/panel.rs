//! A tab's panel.

use leptos::prelude::*;

use super::{panel_id, tab_id};
use crate::state::InspectorTab;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::floor::Floor;

/// The panel, made when its tab is first opened.
#[component]
pub fn Panel(floor: Floor, tab: InspectorTab, make: Box<dyn Fn() -> AnyView + Send + Sync>) -> impl IntoView {
    let is_on = Derived::new(move || floor.layout.get().tab == tab);
    let was_seen = StoredValue::new(false);
    let is_made = Derived::new(move || {
        let is_seen = was_seen.get_value() || is_on.get() && floor.has_inspector();
        was_seen.set_value(is_seen);
        is_seen
    });
    let make = StoredValue::new(make);
    view! {
        <div
            role="tabpanel"
            id=panel_id(tab)
            aria-labelledby=tab_id(tab)
            class="inspected"
            class:none=move || !is_on.get()
        >
            <Show when=move || is_made.get()>{make.with_value(|make| make())}</Show>
        </div>
    }
}

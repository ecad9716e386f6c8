//! Chooses the second view and the result that it shows.

use leptos::prelude::*;

use crate::state::{Event, PaneEvent, Variant, View};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The combobox "View beside", the radio group "Shown beside" once there is a B, and "Close".
#[component]
pub fn PaneHead(page: Page) -> impl IntoView {
    let pane = page.memo(|state| state.pane());
    let has_b = page.memo(|state| state.editing.has_b());
    let names = page.memo(|state| Variant::EACH.map(|side| (side, state.editing.name_of(side).to_owned())));
    let send = move |event: PaneEvent| page.dispatch(Event::Pane(event));
    let option = move |view: View| {
        let is_picked = move || pane.get().is_some_and(|(picked, _)| picked == view);
        view! { <option value=view.name() prop:selected=is_picked>{view.label()}</option> }
    };
    let pick = move |name: String| {
        if let Some(view) = View::EACH.iter().copied().find(|view| view.name() == name) {
            send(PaneEvent::ViewPicked(view));
        }
    };
    let choice = move || {
        view! {
            <RadioGroup
                name="pane-side"
                label="Shown"
                spoken="Shown beside"
                options=names.get().to_vec()
                picked=move || pane.get().map(|(_, side)| side)
                pick=move |side| send(PaneEvent::SidePicked(side))
            />
        }
    };
    view! {
        <div class="pane-head">
            <select aria-label="View beside" on:change:target=move |event| pick(event.target().value())>
                {View::EACH.iter().copied().map(option).collect_view()}
            </select>
            <Show when=move || has_b.get()>{choice}</Show>
            <span class="spring"></span>
            <button type="button" class="quiet" on:click=move |_| send(PaneEvent::Closed)>"Close"</button>
        </div>
    }
}

//! Which result every view shows: the original, the one it is compared with, or their change.

use leptos::prelude::*;

use crate::state::editing::{Against, EditEvent, Variant};
use crate::state::{Event, State};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The radio group "Shown"; only where the original is compared with something.
#[component]
pub fn SideChoice(page: Page) -> impl IntoView {
    let has_b = page.memo(|state| state.editing.has_b());
    let side = page.memo(|state| state.editing.variant);
    let names = page.memo(|state| Variant::EACH.map(|side| (side, state.editing.name_of(side).to_owned())));
    let other = page.memo(other);
    let choice = move || {
        view! {
            <RadioGroup
                name="side"
                label="Shown"
                class="side-choice"
                options=names.get().to_vec()
                picked=move || Some(side.get())
                pick=move |side| page.dispatch(Event::Editing(EditEvent::VariantPicked(side)))
            >
                <span class="label meaning-of-b">{move || other.get()}</span>
            </RadioGroup>
        }
    };
    view! { <Show when=move || has_b.get()>{choice}</Show> }
}

/// Which other text, trace or model the original is compared with.
fn other(state: &State) -> Option<String> {
    match &state.editing.against {
        Against::Edits => None,
        Against::Text(text) => Some(format!("“{}”", text.replace('\n', " / "))),
        Against::Trace(file) => Some(file.clone()),
        Against::Model(model) => state.models.get(*model).map(|entry| entry.name.clone()),
    }
}

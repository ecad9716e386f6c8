//! Which result every view shows: A, B or their difference.

use leptos::prelude::*;

use crate::state::editing::{Against, EditEvent, Variant};
use crate::state::{Event, State};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The radio group "Shown"; only once there is a B.
#[component]
pub fn SideChoice(page: Page) -> impl IntoView {
    let has_b = page.memo(|state| state.editing.has_b());
    let side = page.memo(|state| state.editing.variant);
    let b = page.memo(name_of_b);
    view! {
        <Show when=move || has_b.get()>
            <RadioGroup
                name="side"
                label="Shown"
                class="side-choice"
                options=Variant::EACH.map(|side| (side, side.label().to_owned())).to_vec()
                picked=move || Some(side.get())
                pick=move |side| page.dispatch(Event::Editing(EditEvent::VariantPicked(side)))
            >
                <span class="label meaning-of-b">"B: " {move || b.get()}</span>
            </RadioGroup>
        </Show>
    }
}

/// What B is, in a few words.
fn name_of_b(state: &State) -> String {
    match &state.editing.against {
        Against::Edits => "with edits".to_owned(),
        Against::Text(text) => format!("“{}”", text.replace('\n', " / ")),
        Against::Trace(file) => file.clone(),
        Against::Model(model) => state.models.get(*model).map(|entry| entry.name.clone()).unwrap_or_default(),
    }
}

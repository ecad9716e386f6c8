//! A, B or their difference: which of the results every view shows.

use leptos::prelude::*;

use crate::state::Event;
use crate::state::editing::{Against, EditEvent, Side};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The switch over the views; there is none before there is a B.
#[component]
pub fn SideChoice(page: Page) -> impl IntoView {
    let has_b = page.memo(|state| state.editing.has_b());
    let side = page.memo(|state| state.editing.side);
    let meaning = page.memo(|state| match &state.editing.against {
        Against::Edits => "B: with edits".to_owned(),
        Against::Text(text) => format!("B: “{}”", text.replace('\n', " / ")),
        Against::Trace(file) => format!("B: {file}"),
        Against::Model(model) => {
            format!("B: {}", state.models.get(*model).map(|entry| entry.name.as_str()).unwrap_or_default())
        }
    });
    let choice = move |which: Side| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="side"
                    prop:checked=move || side.get() == which
                    on:change=move |_| page.dispatch(Event::Editing(EditEvent::SidePicked(which)))
                />
                <span>{which.label()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="control side-choice" role="radiogroup" aria-label="Shown" class:none=move || !has_b.get()>
            <legend class="label">"Shown"</legend>
            <div class="joined">{Side::EACH.map(choice).collect_view()}</div>
            <span class="label meaning-of-b">{move || meaning.get()}</span>
        </fieldset>
    }
}

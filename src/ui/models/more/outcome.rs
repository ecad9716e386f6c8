//! The result of a look-up or a pick: the checkpoints that can be loaded, or why none can.

use leptos::prelude::*;

use super::checkpoints::Checkpoints;
use super::refused::Refused;
use crate::state::more_models::Lookup;
use crate::state::{Event, MoreEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Stands in place of the suggestions.
#[component]
pub fn Outcome(page: Page) -> impl IntoView {
    // The chosen checkpoint is left out: choosing must not rebuild the list, or the focus would be lost.
    let lookup = page.memo(|state| {
        let mut lookup = state.more.lookup.clone();
        if let Lookup::Found(found) = &mut lookup {
            found.chosen = 0;
        }
        lookup
    });
    view! {
        <section class="found" aria-label="Found" aria-live="polite">
            {move || match lookup.get() {
                Lookup::None => ().into_any(),
                Lookup::Asking { repo, base, .. } => view! {
                    <p role="status">{format!("Looking up {} on {} …", repo.id(), base.host())}</p>
                },
                Lookup::Refused(unusable) => view! { <Refused unusable /> },
                Lookup::Found(found) => view! { <Checkpoints page found /> },
            }}
            <button type="button" class="link back" on:click=move |_| page.dispatch(Event::More(MoreEvent::Dropped))>
                "Back to the list"
            </button>
        </section>
    }
}

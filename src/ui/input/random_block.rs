//! The input that is a block of random tokens, read twice.

use leptos::prelude::*;

use super::keys::run_with_enter;
use crate::state::{EntryChange, EntryEvent, Event};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// The block's length and seed.
#[component]
pub fn RandomBlockFields(page: Page) -> impl IntoView {
    let n_block = page.memo(|state| state.entry.n_block);
    let seed = page.memo(|state| state.entry.seed);
    let number = move |id: &'static str,
                       name: &'static str,
                       min: &'static str,
                       value: Derived<u32>,
                       change: fn(u32) -> EntryChange| {
        view! {
            <div class="field number-field">
                <label for=id>{name}</label>
                <input
                    id=id
                    type="number"
                    min=min
                    step="1"
                    prop:value=move || value.get().to_string()
                    on:change:target=move |event| {
                        if let Ok(number) = event.target().value().parse() {
                            page.dispatch(Event::Entry(EntryEvent::FieldChanged(change(number))));
                        }
                    }
                    on:keydown=move |event| {
                        if event.key() == "Enter" {
                            if let Ok(number) = event_target_value(&event).parse() {
                                page.dispatch(Event::Entry(EntryEvent::FieldChanged(change(number))));
                            }
                            run_with_enter(page, &event);
                        }
                    }
                />
            </div>
        }
    };
    view! {
        <div class="text wide random-block">
            {number("block-length", "Length of the block", "1", n_block, EntryChange::Block)}
            {number("block-seed", "Seed", "0", seed, EntryChange::Seed)}
            <p class="hint">
                "A block of random tokens, read twice, BOS in front where the model has one: nothing in it makes sense, so \
                what a head reads from the first copy it reads because of the repetition."
            </p>
        </div>
    }
}

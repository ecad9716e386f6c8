//! Inputs other than text: token ids, a random block twice, and BOS in front of any of them.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::state::{EntryChange, EntryKind, Event};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;

/// Which kind of input.
#[component]
pub fn EntryKindChoice(page: Page) -> impl IntoView {
    let kind = page.memo(|state| state.entry.kind);
    let option = move |one: EntryKind| {
        view! {
            <option value=one.label() prop:selected=move || kind.get() == one>{one.label()}</option>
        }
    };
    let pick = move |value: String| {
        if let Some(kind) = EntryKind::EACH.into_iter().find(|kind| kind.label() == value) {
            page.dispatch(Event::EntryChanged(EntryChange::Kind(kind)));
        }
    };
    view! {
        <select class="entry-kind" aria-label="Kind of input" on:change:target=move |event| pick(event.target().value())>
            {EntryKind::EACH.map(option).collect_view()}
        </select>
    }
}

/// Token ids, typed.
#[component]
pub fn IdsField(page: Page) -> impl IntoView {
    let ids = page.memo(|state| state.entry.ids.clone());
    let problem = page.memo(|state| state.notices.input.is_some());
    view! {
        <div class="field text wide">
            <label for="ids">"Token ids" <span class="aside" aria-hidden="true">" numbers with commas or spaces between"</span></label>
            <textarea
                id="ids"
                rows="2"
                aria-label="Token ids"
                spellcheck="false"
                inputmode="numeric"
                aria-invalid=move || problem.get().then_some("true")
                prop:value=move || ids.get()
                on:input:target=move |event| {
                    page.dispatch(Event::EntryChanged(EntryChange::Ids(event.target().value())));
                }
                on:keydown=move |event| run_with_enter(page, &event)
            ></textarea>
        </div>
    }
}

/// Length and seed of a random block.
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
                            page.dispatch(Event::EntryChanged(change(number)));
                        }
                    }
                    on:keydown=move |event| {
                        if event.key() == "Enter" {
                            if let Ok(number) = event_target_value(&event).parse() {
                                page.dispatch(Event::EntryChanged(change(number)));
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

/// With BOS or without, where the model has one.
#[component]
pub fn BosChoice(page: Page) -> impl IntoView {
    let is_on = page.memo(|state| {
        let adds = state.model.as_ref()?.adds_bos?;
        let default = adds || state.entry.kind == EntryKind::RandomBlock;
        (state.entry.kind != EntryKind::Ids).then(|| state.entry.bos.unwrap_or(default))
    });
    view! {
        <Show when=move || is_on.get().is_some()>
            <label class="check" title="Whether the model’s begin-of-text token stands in front">
                <input
                    type="checkbox"
                    prop:checked=move || is_on.get().unwrap_or_default()
                    on:change:target=move |event| {
                        page.dispatch(Event::EntryChanged(EntryChange::Bos(Some(event.target().checked()))));
                    }
                />
                <span>"BOS"</span>
            </label>
        </Show>
    }
}

/// Runs with Enter, which while composing (Japanese, Chinese …) ends the composition.
pub fn run_with_enter(page: Page, event: &KeyboardEvent) {
    if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
        event.prevent_default();
        page.dispatch(Event::RunAsked);
    }
}

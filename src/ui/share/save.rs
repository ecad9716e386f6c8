//! Saves the result on screen as a trace: how much of it, how exact, and how large.

use leptos::prelude::*;

use crate::state::{Event, SaveForm, State, TraceEvent, wording};
use crate::trace::file::Saved;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::tick::Tick;

/// How much can be saved: the choice, its name, and what it is good for.
const CHOICES: [(Saved, &str, &str); 5] = [
    (Saved::Patterns, "Patterns", "what the head view and the model view draw"),
    (
        Saved::Attention,
        "q, k only",
        "these views and the neuron view, which make the patterns; smallest for long texts",
    ),
    (Saved::Qk, "Patterns, q, k", "the neuron view too"),
    (Saved::Qkv, "Patterns, q, k, v", "the neuron view too, and the stream entering each layer"),
    (Saved::All, "Everything", "every activation, and the predictions at all positions where the model makes them"),
];

/// The choices in the dialog, which outlive it.
#[derive(Clone, Copy)]
pub struct SaveChoice {
    picked: RwSignal<Saved>,
    is_half: RwSignal<bool>,
}

impl SaveChoice {
    /// Patterns with all their digits.
    pub(super) fn new() -> Self {
        Self { picked: RwSignal::new(Saved::Patterns), is_half: RwSignal::new(false) }
    }
}

/// The dialog's content.
#[component]
pub fn Save(page: Page, is_open: RwSignal<bool>, choice: SaveChoice) -> impl IntoView {
    let SaveChoice { picked, is_half } = choice;
    let result = page.memo(|state| state.shown.as_ref().map(|shown| (shown.request, shown.is_trace)));
    let is_busy = page.memo(|state| state.is_busy());
    let wants_lens = page.memo(|state| state.traces.wants_lens);
    let has_lens = page.memo(|state| {
        state.has_lens() && !state.lens_has_labels() && state.shown.as_ref().is_some_and(|shown| !shown.is_trace)
    });
    let sizes = Derived::new(move || {
        let (result, half) = (result.get(), is_half.get());
        wants_lens.track();
        CHOICES.map(|(saved, _, _)| if result.is_some() { page.save_size(saved, half) } else { None })
    });
    let size_of = move |saved: Saved| {
        let at = CHOICES.iter().position(|(choice, _, _)| *choice == saved);
        at.and_then(|at| sizes.with(|sizes| sizes.get(at).copied().flatten()))
    };
    let save = move |form: SaveForm| {
        is_open.set(false);
        // People send a saved page around and look at it: half the size matters more there than the last digits.
        let (saved, is_half) = (picked.get_untracked(), is_half.get_untracked() || form == SaveForm::Page);
        page.dispatch(Event::Trace(TraceEvent::SaveAsked { saved, is_half, form }));
    };
    let cannot = move || size_of(picked.get()).is_none() || is_busy.get();
    // A saved page cannot fetch the empty viewer that it would need.
    let has_viewer = page.peek(|state| state.home.is_page());
    let from_trace = move || result.get().is_some_and(|(_, is_trace)| is_trace);
    let missing = move |saved: Saved| match saved {
        Saved::Attention if !from_trace() => page.peek(State::patterns_need_more).unwrap_or(""),
        _ => "not in this file",
    };
    let line = move |(saved, name, purpose): (Saved, &'static str, &'static str)| {
        let is_missing = move || size_of(saved).is_none();
        view! {
            <label class="save-choice" class:off=is_missing>
                <input
                    type="radio"
                    name="saved"
                    prop:checked=move || picked.get() == saved
                    prop:disabled=is_missing
                    on:change=move |_| picked.set(saved)
                />
                <span class="save-name">{name}</span>
                <span class="amount">
                    {move || size_of(saved).map_or_else(|| missing(saved).to_owned(), wording::bytes)}
                </span>
                <span class="note">{purpose}</span>
            </label>
        }
    };
    view! {
        <fieldset class="save-choices" role="radiogroup" aria-label="What to save">
            {CHOICES.map(line).collect_view()}
        </fieldset>
        <Tick
            name="stream table: the lens’s five most likely tokens, entropy and KL of every cell"
            is_on=Signal::derive(move || wants_lens.get())
            is_hidden=Signal::derive(move || !has_lens.get())
            change=move |wanted| page.dispatch(Event::Trace(TraceEvent::LensWanted(wanted)))
        />
        <RadioGroup
            name="precision"
            label="Numbers"
            options=vec![(false, "f32, exact".to_owned()), (true, "f16, half the size".to_owned())]
            picked=move || Some(is_half.get())
            pick=move |half| is_half.set(half)
        />
        <p class="note" class:none=move || !from_trace()>
            "This result was read from a file, so no more can be saved than the file holds. Run the text to save the rest."
        </p>
        <p class="save-buttons">
            <button type="button" class="primary" prop:disabled=cannot on:click=move |_| save(SaveForm::Trace)>
                "Save "
                <span class="amount">{move || size_of(picked.get()).map(wording::bytes)}</span>
            </button>
            {has_viewer.then(|| view! {
                <button
                    type="button"
                    class="secondary"
                    title="One HTML file with viewer and trace (f16) that opens from disk and works offline"
                    prop:disabled=cannot
                    on:click=move |_| save(SaveForm::Page)
                >
                    "Save as page"
                </button>
            })}
        </p>
    }
}

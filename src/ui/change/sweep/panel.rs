//! Sweeps: which edits are tried, and the way to the map of their effects.

use leptos::prelude::*;

use crate::protocol::{OutcomeAsked, SweepAsked};
use crate::state::editing::EditEvent;
use crate::state::{Event, State};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The kinds of sweep, and a field for other texts.
#[component]
pub fn SweepPanel(page: Page) -> impl IntoView {
    let other = RwSignal::new(String::new());
    let ask = move |asked: SweepAsked| page.dispatch(Event::Editing(EditEvent::SweepAsked(asked)));
    let has_map = page.memo(|state| state.editing.sweep.is_some());
    let shows_map = page.memo(State::shows_sweep);
    let lines = move || {
        let is_text = |line: &&str| !line.trim().is_empty();
        other.with_untracked(|text| text.lines().filter(is_text).map(str::to_owned).collect::<Vec<String>>())
    };
    let with_text = move |make: fn(String) -> SweepAsked| {
        if let Some(text) = lines().into_iter().next() {
            ask(make(text));
        }
    };
    let with_texts = move || {
        let texts = lines();
        if !texts.is_empty() {
            ask(SweepAsked::MeanHeads(texts));
        }
    };
    // A cosine compares two texts with different positions, which share only heads.
    let is_cosine = page.memo(|state| matches!(state.editing.asked, OutcomeAsked::Cosine { .. }));
    let lacks_text = move || other.with(|text| text.trim().is_empty());
    let cannot_patch = move || lacks_text() || is_cosine.get();
    view! {
        <section class="panel sweep" aria-label="Sweep">
            <h3>"Sweep"</h3>
            <p class="hint">
                "Tries one edit after another, each by itself, and shows its effect on the outcome. A small effect does not prove \
                that a head plays no role: later heads may compensate."
            </p>
            <div class="buttons">
                <button type="button" class="add" on:click=move |_| ask(SweepAsked::ZeroHeads)>"Zero every head"</button>
                <button type="button" class="add" on:click=move |_| ask(SweepAsked::PositionMeanHeads)>
                    "Mean-ablate every head"
                </button>
                <button type="button" class="add" prop:disabled=move || is_cosine.get() on:click=move |_| ask(SweepAsked::CutKeys)>
                    "Cut every key"
                </button>
            </div>
            <label class="other">
                "Other text; for means, one text per line"
                <textarea
                    rows="2"
                    spellcheck="false"
                    prop:value=move || other.get()
                    on:input:target=move |event| other.set(event.target().value())
                ></textarea>
            </label>
            <div class="buttons">
                <button
                    type="button"
                    class="add"
                    prop:disabled=lacks_text
                    on:click=move |_| with_texts()
                >
                    "Mean-ablate every head over these texts"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=cannot_patch
                    on:click=move |_| with_text(|text| SweepAsked::PatchStream { text, is_denoising: false })
                >
                    "Patch its stream into this text (noising)"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=cannot_patch
                    on:click=move |_| with_text(|text| SweepAsked::PatchStream { text, is_denoising: true })
                >
                    "Patch this stream into the other text (denoising)"
                </button>
            </div>
            <button
                type="button"
                class="link"
                class:none=move || !has_map.get()
                on:click=move |_| page.dispatch(Event::Editing(EditEvent::SweepShown(!shows_map.get_untracked())))
            >
                {move || if shows_map.get() { "Back to the view" } else { "Show the map of effects" }}
            </button>
        </section>
    }
}

//! Sweeps: the signed effect of each of many edits as a map, whose cells apply the edit.

use leptos::prelude::*;

use super::map::SweepMap;
use crate::protocol::{OutcomeAsked, SweepAsked};
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The kinds of sweep, a field for other texts, and the map.
#[component]
pub fn SweepPanel(page: Page) -> impl IntoView {
    let other = RwSignal::new(String::new());
    let ask = move |asked: SweepAsked| page.dispatch(Event::Editing(EditEvent::SweepAsked(asked)));
    let map = page.memo(|state| {
        let (sweep, shown) = (state.editing.sweep.as_ref()?, state.shown.as_ref()?);
        Some(sweep.map(shown.spec.n_layers, shown.spec.n_heads, shown.predicting().0.len()))
    });
    let is_patch = page.memo(|state| {
        state.editing.sweep.as_ref().is_some_and(|sweep| matches!(sweep.asked, SweepAsked::PatchStream { .. }))
    });
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
                "Tries one edit after another, each alone, and shows what it does to the outcome. A small effect is no proof of \
                no role: later heads may repair the loss."
            </p>
            <div class="buttons">
                <button type="button" class="add" on:click=move |_| ask(SweepAsked::ZeroHeads)>"Zero every head"</button>
                <button type="button" class="add" on:click=move |_| ask(SweepAsked::PositionMeanHeads)>
                    "Every head to its position mean"
                </button>
                <button type="button" class="add" prop:disabled=move || is_cosine.get() on:click=move |_| ask(SweepAsked::CutKeys)>
                    "Cut every key"
                </button>
            </div>
            <label class="other">
                "Other text; for means, one in each line"
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
                    "Every head to its mean over these texts"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=cannot_patch
                    on:click=move |_| with_text(|text| SweepAsked::PatchStream { text, is_denoising: false })
                >
                    "Patch its stream in (noising)"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=cannot_patch
                    on:click=move |_| with_text(|text| SweepAsked::PatchStream { text, is_denoising: true })
                >
                    "Patch this stream into it (denoising)"
                </button>
            </div>
            {move || map.get().map(|map| view! { <SweepMap page map is_patch=is_patch.get() is_cosine=is_cosine.get() /> })}
        </section>
    }
}

//! Masks: what is asked for, how far it is, what it does beside random masks.

use leptos::prelude::*;

use super::mask_table::MaskTable;
use super::save_trials::SaveTrials;
use super::trials_progress::TrialsProgress;
use super::{chosen_set, send, trials};
use crate::sets::made::Made;
use crate::state::FindEvent;
use crate::state::find::{MaskAsked, MaskSource};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::{SelectField, same_name};

/// Sets that may stand as a control.
const CONTROLS: [Made; 4] = [Made::PronounControl, Made::NamesControl, Made::Agreement, Made::Names];
/// Random masks: to look at, and for a p.
const N_RANDOM: [usize; 2] = [20, 200];

/// A form, and the numbers.
#[component]
pub fn MaskSection(page: Page) -> impl IntoView {
    let set = chosen_set(page);
    let has_measure = Derived::new(move || set.with(|set| set.as_ref().is_some_and(|set| set.has_answers())));
    let masks = trials(page, true);
    let asked = RwSignal::new(MaskAsked::default());
    let sources = [(MaskSource::Edits, "The edits of this page"), (MaskSource::Found, "The first heads of the search")];
    let pick_source = move |label: String| {
        let picked = sources.into_iter().find(|(_, known)| *known == label);
        asked.update(|asked| asked.source = picked.map(|(source, _)| source).unwrap_or_default());
    };
    let source_name =
        move || sources.into_iter().find(|(source, _)| *source == asked.get().source).map(|(_, name)| name);
    let pick_control = move |name: String| {
        let picked = CONTROLS.into_iter().find(|made| made.name() == name);
        asked.update(|asked| asked.control = picked.unwrap_or(CONTROLS[0]));
    };
    let number = move |text: String| text.parse::<usize>().unwrap_or(1);
    let counts = Signal::stored((1..=20).map(|n: usize| same_name(n.to_string())).collect());
    view! {
        <Show when=move || has_measure.get() || masks.get().is_some()>
            <section class="find-part" aria-label="Mask">
                <h2>"Mask"</h2>
                <div class="find-fields">
                    <SelectField
                        label="Edits"
                        options=Signal::stored(sources.map(|(_, name)| same_name(name)).to_vec())
                        picked=Signal::derive(move || source_name().unwrap_or_default().to_owned())
                        pick=pick_source
                    />
                    <Show when=move || asked.get().source == MaskSource::Found>
                        <SelectField
                            label="Heads"
                            class="short"
                            options=counts
                            picked=Signal::derive(move || asked.get().n_heads.to_string())
                            pick=move |n| asked.update(|asked| asked.n_heads = number(n))
                        />
                    </Show>
                    <SelectField
                        label="Control"
                        options=Signal::stored(CONTROLS.map(|made| same_name(made.name())).to_vec())
                        picked=Signal::derive(move || asked.get().control.name().to_owned())
                        pick=pick_control
                    />
                    <SelectField
                        label="Random masks"
                        class="short"
                        options=Signal::stored(N_RANDOM.map(|n| same_name(n.to_string())).to_vec())
                        picked=Signal::derive(move || asked.get().n_random.to_string())
                        pick=move |n| asked.update(|asked| asked.n_random = number(n))
                    />
                    <button
                        type="button"
                        class="action"
                        prop:disabled=move || !has_measure.get()
                        on:click=move |_| send(page, FindEvent::MaskAsked(asked.get_untracked()))
                    >
                        "Measure the mask"
                    </button>
                    <TrialsProgress page trials=masks label="Progress of the mask" />
                </div>
                {move || masks.get().map(|masks| view! { <p class="statement">{masks.mask_statement().join(" ")}</p> })}
                <Show when=move || masks.get().is_some()><MaskTable page /><SaveTrials page /></Show>
            </section>
        </Show>
    }
}

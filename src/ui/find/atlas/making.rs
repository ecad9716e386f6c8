//! Makes an atlas here: the corpus, where its texts are cut, how far it is.

use leptos::prelude::*;

use super::send;
use crate::state::find::making::N_MADE;
use crate::state::find::{AtlasEvent, MakeAsked};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::find::chosen_set;
use crate::ui::find::count_field::CountField;
use crate::ui::find::stop::StopButton;
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;
use crate::ui::small::select_field::{SelectField, same_name};

/// A form, and a status.
#[component]
pub fn AtlasMaking(page: Page) -> impl IntoView {
    let set = chosen_set(page);
    let asked = RwSignal::new(MakeAsked::default());
    let made = format!("{N_MADE} made texts");
    let made_name = made.clone();
    let corpora = Signal::derive(move || {
        let given = set.get().map(|set| same_name(format!("The set above: {}", set.name)));
        given.into_iter().chain([same_name(made.clone())]).collect::<Vec<_>>()
    });
    let picked = Signal::derive(move || {
        let first = corpora.with(|corpora| corpora.first().map(|(name, _)| name.clone()));
        if asked.get().is_made { made_name.clone() } else { first.unwrap_or_default() }
    });
    let pick = move |name: String| {
        let is_last = corpora.with_untracked(|corpora| corpora.last().is_some_and(|(last, _)| *last == name));
        asked.update(|asked| asked.is_made = is_last);
    };
    let n_tokens = Derived::new(move || asked.get().n_tokens);
    let has_edits = page.memo(|state| state.editing.has_active());
    let is_running = page.memo(|state| state.find.making.as_ref().is_some_and(|making| making.is_under_way()));
    let status = page.memo(|state| state.find.making.as_ref().map(|making| making.status()));
    let notes = page.memo(|state| state.find.making.as_ref().map(|making| making.notes().join(" ")));
    view! {
        <form class="find-fields" on:submit=move |event| {
            event.prevent_default();
            send(page, AtlasEvent::MakeAsked(asked.get_untracked()));
        }>
            <SelectField label="Corpus" options=corpora picked pick />
            <CountField
                label="Cut at tokens"
                value=n_tokens
                on_typed=move |text| asked.update(|asked| asked.n_tokens = text)
            />
            <Show when=move || has_edits.get()>
                <CheckBox
                    name="Under the edits of this page"
                    is_on=Signal::derive(move || asked.get().has_edits)
                    change=move |is_on| asked.update(|asked| asked.has_edits = is_on)
                />
            </Show>
            <button type="submit" class="action">"Make the atlas"</button>
            <StopButton page is_running />
            <span class="label" role="status" aria-label="Progress of the atlas">{move || status.get()}</span>
        </form>
        {move || notes.get().filter(|notes| !notes.is_empty()).map(|notes| view! { <p class="hint">{notes}</p> })}
    }
}

//! Sweeps: what is tried, and its fields.

use leptos::prelude::*;

use super::start::Start;
use crate::edit::PatchSite;
use crate::state::editing::EditEvent;
use crate::state::editing::sweep_kinds::SweepKind;
use crate::state::{Event, State};
use crate::ui::change::as_python::AsPython;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::{SelectField, same_name};

/// One menu, a field for other texts where they are needed, and "Sweep".
#[component]
pub fn SweepPanel(page: Page) -> impl IntoView {
    let kind = RwSignal::new(SweepKind::ZeroHeads);
    let other = RwSignal::new(String::new());
    let site = RwSignal::new(PatchSite::default());
    // A cosine compares two texts with different positions, which share only heads.
    let offered =
        page.memo(|state| SweepKind::EACH.into_iter().filter(|kind| state.offers_sweep(*kind)).collect::<Vec<_>>());
    let now = Derived::new(move || {
        offered.with(|offered| {
            let is_offered = offered.contains(&kind.get());
            if is_offered { kind.get() } else { SweepKind::ZeroHeads }
        })
    });
    let has_sweep = page.memo(|state| state.editing.sweep.is_some());
    let asked = Derived::new(move || now.get().asked(&other.get(), site.get()));
    let start = move || {
        if let Ok(asked) = asked.get_untracked() {
            page.dispatch(Event::Editing(EditEvent::SweepAsked(asked)));
        }
    };
    let kinds =
        Signal::derive(move || offered.get().into_iter().map(|kind| same_name(kind.label())).collect::<Vec<_>>());
    let pick = move |name: String| {
        if let Some(picked) = SweepKind::EACH.into_iter().find(|kind| kind.label() == name) {
            kind.set(picked);
        }
    };
    let sites = Signal::stored(PatchSite::EACH.map(|site| same_name(site.label())).to_vec());
    let pick_site = move |name: String| {
        let picked = PatchSite::EACH.into_iter().find(|site| site.label() == name);
        site.set(picked.unwrap_or_default());
    };
    view! {
        <section class="panel sweep" aria-label="Sweep">
            <h3>"Sweep"</h3>
            <p class="hint">
                "Tries one edit after another, each by itself, and shows its effect on the outcome. A small effect does not prove \
                that a head plays no role: later heads may compensate."
            </p>
            <form on:submit=move |event| {
                event.prevent_default();
                start();
            }>
                <SelectField
                    label="What to try"
                    class="sweep-kind"
                    options=kinds
                    picked=Signal::derive(move || now.get().label().to_owned())
                    pick
                />
                {move || now.get().texts().map(|label| view! {
                    <label class="other">
                        {label}
                        <textarea
                            rows="2"
                            spellcheck="false"
                            prop:value=move || other.get()
                            on:input:target=move |event| other.set(event.target().value())
                        ></textarea>
                    </label>
                })}
                {move || now.get().has_site().then(|| view! {
                    <SelectField
                        label="What to patch"
                        class="other"
                        options=sites
                        picked=Signal::derive(move || site.get().label().to_owned())
                        pick=pick_site
                    />
                })}
                <Start page asked />
            </form>
            <div class:none=move || !has_sweep.get()>
                <AsPython page script=State::sweep_script />
            </div>
        </section>
    }
}

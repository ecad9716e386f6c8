//! Which layers, or which heads, the map shows.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::model::Map;
use crate::state::scales::options::MapOptions;
use crate::state::{Event, Shown, ViewEvent};
use crate::ui::erased::{Derived, view};
use crate::ui::small::tick::Tick;

/// A list of check boxes behind a summary, one for each layer or head.
#[component]
pub fn Filter(map: Map, name: &'static str) -> impl IntoView {
    let Map { page, options, .. } = map;
    let is_layers = name == "Layers";
    let n = page.memo(move |state| {
        let spec = state.shown.as_ref().map(Shown::stack_spec);
        spec.map_or(0, |spec| if is_layers { spec.n_layers } else { spec.n_heads })
    });
    let hidden = Derived::new(move || options.with(|options| hidden_of(options, is_layers).clone()));
    let set = move |hidden: BTreeSet<usize>| {
        let mut changed = options.get_untracked();
        *(if is_layers { &mut changed.hidden_layers } else { &mut changed.hidden_heads }) = hidden;
        page.dispatch(Event::View(ViewEvent::MapChanged(changed)));
    };
    let toggle = move |index: usize, is_on: bool| {
        let mut hidden = hidden.get_untracked();
        if is_on {
            hidden.remove(&index);
        } else if hidden.iter().filter(|&&hidden| hidden < n.get_untracked()).count() + 1 < n.get_untracked() {
            // The last one that is left cannot be hidden.
            hidden.insert(index);
        }
        set(hidden);
    };
    let tick = move |index: usize| {
        view! {
            <Tick
                name=index.to_string()
                is_on=Signal::derive(move || hidden.with(|hidden| !hidden.contains(&index)))
                change=move |is_on| toggle(index, is_on)
            />
        }
    };
    let summary = move || {
        let n_hidden = hidden.with(|hidden| hidden.iter().filter(|&&index| index < n.get()).count());
        if n_hidden == 0 { format!("{name}: all") } else { format!("{name}: {} of {}", n.get() - n_hidden, n.get()) }
    };
    view! {
        <details class="filter">
            <summary>{summary}</summary>
            <div class="ticks" role="group" aria-label=name>
                {move || (0..n.get()).map(tick).collect_view()}
                <button type="button" class="link" on:click=move |_| set(BTreeSet::new())>"All"</button>
            </div>
        </details>
    }
}

fn hidden_of(options: &MapOptions, is_layers: bool) -> &BTreeSet<usize> {
    if is_layers { &options.hidden_layers } else { &options.hidden_heads }
}

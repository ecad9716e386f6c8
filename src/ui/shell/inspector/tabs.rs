//! The tabs of the inspector.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::{panel_id, tab_id};
use crate::state::{Event, Home, InspectorTab, LayoutChange, RUNS_MODELS, ViewEvent};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::floor::Floor;
use crate::ui::small::focus::{focus, next_tab};

/// The tabs: one tab stop, with arrow keys between them.
#[component]
pub fn InspectorTabs(floor: Floor) -> impl IntoView {
    let Floor { page, layout, .. } = floor;
    // A saved page has no model, and so only the predictions it was saved with.
    let predicts = page.memo(|state| {
        let has_some = state.shown.as_ref().is_some_and(|shown| !shown.info.top.is_empty());
        state.home != Home::File || has_some
    });
    let offered = Derived::new(move || {
        let is_offered = |tab: &InspectorTab| match tab {
            InspectorTab::Predicts => RUNS_MODELS && predicts.get(),
            InspectorTab::Change => RUNS_MODELS,
            InspectorTab::Selected | InspectorTab::Matters => true,
        };
        InspectorTab::EACH.into_iter().filter(is_offered).collect::<Vec<_>>()
    });
    let show = move |tab| page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::Tab(tab))));
    let on_key = move |event: KeyboardEvent| {
        let tabs = offered.get_untracked();
        let current = layout.get_untracked().tab;
        let at = tabs.iter().position(|tab| *tab == current).unwrap_or(0);
        let Some(to) = next_tab(&event.key(), at, tabs.len()) else { return };
        event.prevent_default();
        show(tabs[to]);
        focus(document().get_element_by_id(&tab_id(tabs[to])));
    };
    let tab = move |tab: InspectorTab| {
        let is_on = move || layout.get().tab == tab;
        view! {
            <button
                type="button"
                role="tab"
                id=tab_id(tab)
                aria-controls=panel_id(tab)
                aria-selected=move || is_on().to_string()
                tabindex=move || if is_on() { "0" } else { "-1" }
                on:click=move |_| show(tab)
                on:keydown=on_key
            >
                {tab.label()}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label="Inspector">
            {move || offered.get().into_iter().map(tab).collect_view()}
        </div>
    }
}

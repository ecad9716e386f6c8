//! The inspector: four tabs about what is selected. What a tab shows is made when it is opened first, and stays.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::floor::Floor;
use super::scales::{Breadcrumb, is_shown};
use crate::analysis::scores::Score;
use crate::render::HeadColours;
use crate::state::{Event, Home, InspectorTab, LayoutChange, RUNS_MODELS, View, ViewEvent};
use crate::ui::change::column::EditingColumn;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::head::scene::Scene;
use crate::ui::numbers::links_panel::LinksPanel;
use crate::ui::numbers::scores::Ranking;
use crate::ui::small::focus::focus;

/// Id of the inspector.
pub(super) const INSPECTOR: &str = "inspector";

/// The tabs and their panels.
#[component]
pub fn Inspector(floor: Floor, scene: Derived<Option<Scene>>, colours: Derived<HeadColours>) -> impl IntoView {
    let Floor { page, .. } = floor;
    let ranking = RwSignal::new(Ranking::Score(Score::Previous));
    let parts = page.parts();
    let has_neurons = is_shown(page, View::Neuron);
    let has_stream = is_shown(page, View::Stream);
    let panel = move |tab: InspectorTab| match tab {
        InspectorTab::Selected => view! {
            <Breadcrumb page />
            <LinksPanel page scene colours />
            <Show when=move || has_neurons.get()>
                {parts.awaited(move |views| (views.neuron_panels)(page))}
            </Show>
            <Show when=move || has_stream.get()>
                {parts.awaited(move |views| (views.stream_panels)(page))}
            </Show>
        },
        InspectorTab::Predicts if RUNS_MODELS => parts.awaited(move |views| (views.predictions)(page)),
        InspectorTab::Matters => parts.awaited(move |views| (views.scores)(page, colours, ranking)),
        InspectorTab::Change if RUNS_MODELS => view! { <EditingColumn page /> },
        InspectorTab::Predicts | InspectorTab::Change => ().into_any(),
    };
    view! {
        <section
            id=INSPECTOR
            class="inspector"
            aria-label="Inspector"
            class:none=move || !floor.has_inspector()
        >
            <InspectorTabs floor />
            {InspectorTab::EACH.map(|tab| view! { <Panel floor tab make=Box::new(move || panel(tab)) /> }).collect_view()}
        </section>
    }
}

/// A tab's panel.
#[component]
fn Panel(floor: Floor, tab: InspectorTab, make: Box<dyn Fn() -> AnyView + Send + Sync>) -> impl IntoView {
    let is_on = Derived::new(move || floor.layout.get().tab == tab);
    let was_seen = StoredValue::new(false);
    let is_made = Derived::new(move || {
        let is_seen = was_seen.get_value() || is_on.get() && floor.has_inspector();
        was_seen.set_value(is_seen);
        is_seen
    });
    let make = StoredValue::new(make);
    view! {
        <div
            role="tabpanel"
            id=panel_id(tab)
            aria-labelledby=tab_id(tab)
            class="inspected"
            class:none=move || !is_on.get()
        >
            <Show when=move || is_made.get()>{make.with_value(|make| make())}</Show>
        </div>
    }
}

/// The tabs: one tab stop, with arrow keys between them.
#[component]
fn InspectorTabs(floor: Floor) -> impl IntoView {
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
        let to = match event.key().as_str() {
            "ArrowRight" => (at + 1) % tabs.len(),
            "ArrowLeft" => (at + tabs.len() - 1) % tabs.len(),
            "Home" => 0,
            "End" => tabs.len() - 1,
            _ => return,
        };
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

fn tab_id(tab: InspectorTab) -> String {
    format!("inspector-tab-{}", tab.label().to_lowercase())
}

fn panel_id(tab: InspectorTab) -> String {
    format!("inspector-{}", tab.label().to_lowercase())
}

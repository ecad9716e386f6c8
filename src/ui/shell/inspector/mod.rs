//! The inspector: four tabs about what is selected. What a tab shows is made when it is opened first, and stays.

mod panel;
mod tabs;

use leptos::prelude::*;

use crate::analysis::scores::Score;
use crate::render::HeadColours;
use crate::state::{InspectorTab, RUNS_MODELS, View};
use crate::ui::change::column::EditingColumn;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::numbers::links_panel::LinksPanel;
use crate::ui::numbers::scores::Ranking;
use crate::ui::shell::floor::Floor;
use crate::ui::shell::scales::{Breadcrumb, is_shown};
use panel::Panel;
use tabs::InspectorTabs;

/// Id of the inspector.
pub(super) const INSPECTOR: &str = "inspector";

/// The tabs and their panels.
#[component]
pub fn Inspector(floor: Floor, scene: Derived<Option<Scene>>, colours: Derived<HeadColours>) -> impl IntoView {
    let Floor { page, .. } = floor;
    let ranking = RwSignal::new(Ranking::Score(Score::Previous));
    let parts = page.parts();
    // What the second view shows has its numbers here too.
    let shower = move |view: View| {
        let is_first = is_shown(page, view);
        let is_second = page.memo(move |state| state.pane().is_some_and(|(second, _)| second == view));
        Derived::new(move || match (is_first.get(), is_second.get()) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        })
    };
    let (neurons, stream) = (shower(View::Neuron), shower(View::Stream));
    let seen_by = move |is_second: bool| if is_second { page.second() } else { page };
    let panel = move |tab: InspectorTab| match tab {
        InspectorTab::Selected => view! {
            <Breadcrumb page />
            <LinksPanel page scene colours />
            {RUNS_MODELS.then(|| parts.awaited(move |views| (views.head_page)(page)))}
            {move || neurons.get().map(|at| parts.awaited(move |views| (views.neuron_panels)(seen_by(at))))}
            {move || stream.get().map(|at| parts.awaited(move |views| (views.stream_panels)(seen_by(at))))}
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

fn tab_id(tab: InspectorTab) -> String {
    format!("inspector-tab-{}", tab.label().to_ascii_lowercase())
}

fn panel_id(tab: InspectorTab) -> String {
    format!("inspector-{}", tab.label().to_ascii_lowercase())
}

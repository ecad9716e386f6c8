//! The second view itself.

use leptos::prelude::*;

use crate::render::{HeadColours, Scheme};
use crate::state::{TokenRef, View};
use crate::ui::erased::{Derived, view};
use crate::ui::head::figure::HeadViewFigure;
use crate::ui::head::legend::Legend;
use crate::ui::head::live_region::LiveRegion;
use crate::ui::head::scene::Scene;
use crate::ui::map::ModelMap;
use crate::ui::shell::page::Page;

/// The view of the second pane. `page`: the page as that pane sees it.
#[component]
pub fn PaneContent(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    let which = page.memo(|state| state.selection.view);
    let parts = page.parts();
    let head = move || {
        let scene = Scene::memo(page, scheme);
        let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
        let colours = Derived::new(move || HeadColours::new(n_heads.get(), scheme.get()));
        let focused = RwSignal::new(None::<TokenRef>);
        view! {
            <HeadViewFigure page scene colours scheme focused />
            <Legend scene scheme />
            <LiveRegion scene focused />
        }
    };
    view! {
        <div class="scales" class:with-head=move || which.get() == View::Head>
            <div class="pane-panel">
                {move || match which.get() {
                    View::Model => view! { <ModelMap page scheme is_small=false /> },
                    View::Head => head(),
                    View::Neuron => parts.awaited(move |views| (views.neurons)(page, scheme)),
                    View::Stream => parts.awaited(move |views| (views.stream)(page, scheme)),
                    View::Find => parts.awaited(move |views| (views.find)(page)),
                }}
            </div>
        </div>
    }
}

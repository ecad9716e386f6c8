//! One view in a frame of somebody else's page: still until somebody touches it, as tall as its content, in the host's colours. Only
//! Run loads a model.
//!
//! The frame tells its host its `size` (height in CSS pixels) whenever the height changes, and as an answer to `theme`, besides what
//! every frame tells (`shell::host`).

mod run_line;
mod still;

use leptos::html::{Div, Main};
use leptos::prelude::*;

use crate::platform::page::{base_url, fragment};
use crate::render::HeadColours;
use crate::state::link::{HOST_TRACE, Link};
use crate::state::{Home, State, TokenRef, TracePlace, View};
use crate::ui::change::saved_edits::SavedEdits;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::find::AtlasPanels;
use crate::ui::head::figure::HeadViewFigure;
use crate::ui::head::head_squares::HeadSquares;
use crate::ui::head::layer_picker::LayerPicker;
use crate::ui::head::legend::Legend;
use crate::ui::head::live_region::LiveRegion;
use crate::ui::head::scene::Scene;
use crate::ui::head::segment_filter::SegmentFilterChoice;
use crate::ui::map::ModelMap;
use crate::ui::neurons::NeuronView;
use crate::ui::shell::attention::view_key;
use crate::ui::shell::fault::show_faults;
use crate::ui::shell::host::{speak_with_host, tell_size_to_host};
use crate::ui::shell::page::Page;
use crate::ui::shell::scales::{Breadcrumb, is_shown};
use crate::ui::shell::theme::{follow_theme, scheme};
use crate::ui::shell::worker::start_worker;
use crate::ui::stream::StreamView;
use run_line::RunLine;
use still::draw_still;

/// One view, without the page around it.
#[component]
pub fn Embed() -> impl IntoView {
    show_faults();
    let page = Page::open(Home::Embed, Some(start_worker));
    let root = NodeRef::<Main>::new();
    follow_theme(page);
    speak_with_host(page);
    tell_size_to_host(root);
    let scheme = scheme(page);
    let scene = Scene::memo(page, scheme);
    let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let colours = Derived::new(move || HeadColours::new(n_heads.get(), scheme.get()));
    let focused = RwSignal::new(None::<TokenRef>);
    let has_result = page.memo(|state| state.shown.is_some());
    let has_atlas = page.memo(|state| !state.find.atlas.open.is_empty());
    let view = page.memo(|state| state.selection.view);
    let has_head = is_shown(page, View::Head);
    let is_still = RwSignal::new(true);
    let picture = NodeRef::<Div>::new();
    let is_drawn = draw_still(page, scene, picture);
    let has_picture = Derived::new(move || is_still.get() && is_drawn.get());
    let link = page.memo(page_link);
    let what = page.memo(|state| match (&state.shown, state.find.atlas.open.first()) {
        (_, Some(atlas)) => format!("Attention heads of {}", atlas.file.metadata.model),
        (Some(shown), None) => format!("Attention inside {}", shown.model_name),
        (None, None) => "Attention inside a language model".to_owned(),
    });
    view! {
        <main class="embed" node_ref=root>
            <h1 class="only-spoken">{move || what.get()}</h1>
            <Show when=move || has_atlas.get()>
                <section class="view atlas" aria-label="Atlas of heads"><AtlasPanels page /></section>
            </Show>
            <Show when=move || has_result.get()>
                <section
                    class="view"
                    class:still=move || is_still.get()
                    aria-label="Attention"
                    on:keydown=move |event| view_key(page, &event)
                >
                    <Breadcrumb page />
                    <SavedEdits page />
                    // The figure takes neither pointer, focus nor wheel before "Explore" is pressed.
                    <div class="embed-figure">
                        <div class="live" class:behind=move || has_picture.get() inert=move || is_still.get()>
                            <div class="controls" class:none=move || view.get() == View::Model>
                                <LayerPicker page />
                                <HeadSquares page scene colours />
                                <SegmentFilterChoice page />
                            </div>
                            <Show when=move || view.get() == View::Model>
                                <ModelMap page scheme is_small=false />
                            </Show>
                            <div class:none=move || !has_head.get()>
                                <HeadViewFigure page scene colours scheme focused />
                                <Legend scene scheme />
                            </div>
                            <Show when=move || view.get() == View::Neuron>
                                <NeuronView page scheme />
                            </Show>
                            <Show when=move || view.get() == View::Stream>
                                <StreamView page scheme />
                            </Show>
                        </div>
                        <Show when=move || is_still.get()>
                            <div class="picture" node_ref=picture></div>
                            <button type="button" class="wake" on:click=move |_| is_still.set(false)>
                                <span>"Explore"</span>
                            </button>
                        </Show>
                    </div>
                    <LiveRegion scene focused />
                </section>
            </Show>
            <Show when=move || !has_atlas.get()><RunLine page is_still /></Show>
            <footer>
                <a
                    href=move || link.get()
                    target="_blank"
                    rel="noopener"
                >
                    "Open in Headlight"
                </a>
            </footer>
        </main>
    }
}

/// The address of the same view in the whole page, or of the page alone where the trace is the host's.
fn page_link(state: &State) -> String {
    let (link, _) = state.link().map_or_else(|| Link::parse(&fragment()), |link| (link, Vec::new()));
    match link.trace {
        Some(TracePlace::Url(url)) if url == HOST_TRACE => base_url(),
        _ => format!("{}#{}", base_url(), link.write()),
    }
}

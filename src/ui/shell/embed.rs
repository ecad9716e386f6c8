//! One view in a frame of somebody else's page: still until it is touched, as tall as its content, in the colours of its
//! host. A model is loaded only with Run.
//!
//! What the host hears: `ready`, and `size` (height in CSS pixels) whenever it changes. What it may say: `theme`, which is
//! answered with the size.

use leptos::html::{Div, Main};
use leptos::prelude::*;
use leptos_use_element_size::{UseElementSizeReturn, use_element_size};

use super::attention::view_key;
use super::page::Page;
use super::scales::Breadcrumb;
use super::status_line::StatusLine;
use super::theme::{follow_theme, scheme};
use super::worker::start_worker;
use crate::platform::frame::{hear_host, tell_host};
use crate::platform::page::{base_url, fragment};
use crate::platform::picture::element_of;
use crate::render::HeadColours;
use crate::render::figure::Preset;
use crate::state::link::{HOST_TRACE, Link};
use crate::state::more_models::Lookup;
use crate::state::{EntryKind, Event, Home, State, Theme, TokenRef, TracePlace, View, wording};
use crate::ui::erased::{Derived, Show, effect, view};
use crate::ui::head::figure::HeadViewFigure;
use crate::ui::head::head_squares::HeadSquares;
use crate::ui::head::layer_picker::LayerPicker;
use crate::ui::head::legend::Legend;
use crate::ui::head::live_region::LiveRegion;
use crate::ui::head::scene::Scene;
use crate::ui::head::segment_filter::SegmentFilterChoice;
use crate::ui::map::ModelMap;
use crate::ui::models::more::Outcome;
use crate::ui::neurons::{NeuronView, shows_head};
use crate::ui::share::figures::{Made, Wanted, make};
use crate::ui::share::on_screen;

/// One view, without the page around it.
#[component]
pub fn Embed() -> impl IntoView {
    let page = Page::open(Home::Embed, Some(start_worker));
    let root = NodeRef::<Main>::new();
    follow_host(page, root);
    let scheme = scheme(page);
    let scene = Scene::memo(page, scheme);
    let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let colours = Derived::new(move || HeadColours::new(n_heads.get(), scheme.get()));
    let focused = RwSignal::new(None::<TokenRef>);
    let has_result = page.memo(|state| state.shown.is_some());
    let view = page.memo(|state| state.selection.view);
    let has_head = shows_head(page);
    let is_still = RwSignal::new(true);
    let picture = NodeRef::<Div>::new();
    let is_drawn = draw_still(page, scene, picture);
    let has_picture = Derived::new(move || is_still.get() && is_drawn.get());
    let link = page.memo(page_link);
    let what = page.memo(|state| match &state.shown {
        Some(shown) => format!("Attention inside {}", shown.model_name),
        None => "Attention inside a language model".to_owned(),
    });
    view! {
        <main class="embed" node_ref=root>
            <h1 class="only-spoken">{move || what.get()}</h1>
            <Show when=move || has_result.get()>
                <section
                    class="view"
                    class:still=move || is_still.get()
                    aria-label="Attention"
                    on:keydown=move |event| view_key(page, &event)
                >
                    <Breadcrumb page />
                    // Nothing in it takes the pointer, the focus or the wheel before somebody wants it to.
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
                                <Legend scene scheme has_edits=false />
                            </div>
                            <Show when=move || view.get() == View::Neuron>
                                <NeuronView page scheme />
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
            <RunLine page is_still />
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

/// The text, and the button that loads the model and runs it.
#[component]
fn RunLine(page: Page, is_still: RwSignal<bool>) -> impl IntoView {
    let text = page.memo(|state| state.text.clone());
    let pair = page.memo(|state| state.pair.clone());
    // Token ids are run as they are.
    let has_text = page.memo(|state| state.entry.kind == EntryKind::Text);
    let has_pair = page.memo(|state| !state.pair.is_empty());
    // A field that is emptied stays.
    let had_pair = StoredValue::new(false);
    let keeps_pair = Derived::new(move || {
        if has_pair.get() {
            had_pair.set_value(true);
        }
        had_pair.get_value()
    });
    let has_models = page.memo(|state| !state.models.is_empty());
    // A model of the Hub is looked up with the first run: which of its files, and whether so much is to be downloaded.
    let asks = page.memo(|state| state.more.lookup != Lookup::None);
    let is_busy = page.memo(|state| state.is_busy());
    let loads = page.memo(|state| state.loads_first());
    let problem = page.memo(|state| {
        let input = state.notices.input.as_ref().map(|notice| notice.message.clone());
        input.or_else(|| state.notices.model.clone())
    });
    let run = move || {
        is_still.set(false);
        page.dispatch(Event::RunAsked);
    };
    let on_enter = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            run();
        }
    };
    let field = move |name: &'static str, value: Derived<String>, edited: fn(String) -> Event| {
        view! {
            <input
                type="text"
                aria-label=name
                spellcheck="false"
                prop:value=move || value.get()
                on:input:target=move |event| page.dispatch(edited(event.target().value()))
                on:keydown=on_enter
            />
        }
    };
    view! {
        <div class="run-line">
            {move || has_text.get().then(|| field("Text", text, Event::TextEdited))}
            {move || (has_text.get() && keeps_pair.get()).then(|| field("Second text", pair, Event::PairEdited))}
            <button type="button" class="run" prop:disabled=move || !has_models.get() on:click=move |_| run()>
                "Run"
                <span class="size" aria-hidden="true">
                    {move || loads.get().map(|size| format!("loads {}", wording::bytes(size)))}
                </span>
            </button>
            <Show when=move || is_busy.get()>
                <button type="button" class="cancel" on:click=move |_| page.dispatch(Event::CancelAsked)>
                    "Cancel"
                </button>
            </Show>
        </div>
        <Show when=move || asks.get()>
            <Outcome page />
        </Show>
        {move || problem.get().map(|problem| view! { <p class="note problem" role="alert">{problem}</p> })}
        <StatusLine page />
    }
}

/// The address of the same view in the whole page; of the page itself, where the trace is the host's own.
fn page_link(state: &State) -> String {
    let (link, _) = state.link().map_or_else(|| Link::parse(&fragment()), |link| (link, Vec::new()));
    match link.trace {
        Some(TracePlace::Url(url)) if url == HOST_TRACE => base_url(),
        _ => format!("{}#{}", base_url(), link.write()),
    }
}

/// Draws the view as a figure into its place, as long as there is one; says whether it is there.
fn draw_still(page: Page, scene: Derived<Option<Scene>>, picture: NodeRef<Div>) -> RwSignal<bool> {
    let is_drawn = RwSignal::new(false);
    // What a figure is made of, as it comes.
    let parts = page.memo_hover(|state| {
        let n_thumbnails = state.scales.thumbnails.layers.iter().flatten().count();
        let neurons = state.scales.neurons.head.as_ref().map(|_| state.selection.query());
        (state.selection.view, n_thumbnails, neurons, state.awaits_layer())
    });
    effect(move || {
        scene.track();
        parts.get();
        let Some(place) = picture.get() else { return };
        let view = page.peek(on_screen).into_iter().next();
        let made = view.and_then(|view| make(page, scene, view, Wanted::Figure(Preset::Page)));
        if let Some(Made::Figure(drawn, _)) = made
            && let Ok(figure) = element_of(&drawn.svg)
        {
            place.replace_children_with_node_1(&figure);
            is_drawn.set(true);
        }
    });
    is_drawn
}

/// Takes the colours that the host has, and tells it how tall the content is.
fn follow_host(page: Page, root: NodeRef<Main>) {
    follow_theme(page);
    let UseElementSizeReturn { height, .. } = use_element_size(root);
    // With its padding, which the size that is followed leaves out.
    let tell_size = move || {
        let height = root.get_untracked().map_or(0.0, |root| root.get_bounding_client_rect().height());
        if height > 0.0 {
            tell_host("size", &height.ceil().into());
        }
    };
    hear_host(move |about, value| {
        let theme = value.as_string().and_then(|name| Theme::from_name(&name));
        if let ("theme", Some(theme)) = (about, theme) {
            page.dispatch(Event::ThemePicked(theme));
            // A host whose script came after this frame has heard nothing so far.
            tell_size();
        }
    });
    tell_host("ready", &wasm_bindgen::JsValue::NULL);
    effect(move || {
        height.track();
        tell_size();
    });
}

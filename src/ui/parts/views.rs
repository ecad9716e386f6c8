//! The views that are fetched after the page.

use leptos::prelude::*;

use super::reader::Awaited;
use crate::answers::{Answering, start_other};
use crate::protocol::Question;
use crate::render::{Grid, HeadColours, Scheme};
use crate::state::RUNS_MODELS;
use crate::state::later::{REDUCERS, Reducers};
use crate::trace::file::Saved;
use crate::ui::change::edit_menu::{EditButton, EditMenu, OpenMenu};
use crate::ui::change::panels::Editing;
use crate::ui::change::saved_edits::SavedEdits;
use crate::ui::change::side_choice::SideChoice;
use crate::ui::change::sweep::SweepStage;
use crate::ui::erased::{Derived, view};
use crate::ui::find::{AtlasAt, FindView, PauseButton, open_atlas};
use crate::ui::head::display_fields::DisplayFields;
use crate::ui::head::matrix_keys::MatrixKeys;
use crate::ui::head::scene::Scene;
use crate::ui::head::token_figure::Figure;
use crate::ui::input::chat::ChatFields;
use crate::ui::input::entry_options::EntryOptions;
use crate::ui::input::random_block::RandomBlockFields;
use crate::ui::map::{Map, MapControls, MapLegend};
use crate::ui::models::about::AboutModel;
use crate::ui::models::device_models::DeviceModels;
use crate::ui::models::more::Ways;
use crate::ui::neurons::{NeuronPanels, NeuronView};
use crate::ui::numbers::direct::DirectPanel;
use crate::ui::numbers::head_page::HeadPage;
use crate::ui::numbers::link_writes::LinkWrites;
use crate::ui::numbers::matters::MattersPanel;
use crate::ui::numbers::mlp_neuron::NeuronPage;
use crate::ui::numbers::predictions::Predictions;
use crate::ui::numbers::scores::{Ranking, ScoresPanel};
use crate::ui::palette::Palette;
use crate::ui::share::trace::save;
use crate::ui::share::{EmbedCode, Export, ExportChoice, OpenTrace, Printed, Save, SaveChoice};
use crate::ui::shell::embed::Embed;
use crate::ui::shell::help::Help;
use crate::ui::shell::page::Page;
use crate::ui::shell::pane::PaneView;
use crate::ui::shell::thread_choice::ThreadChoice;
use crate::ui::shell::tour::Tour;
use crate::ui::shell::worker::{StartWorker, start_worker};
use crate::ui::stream::{StreamPanels, StreamView};

/// A function for each view; its parameters are the component's properties. Others make what later views are made of.
#[allow(missing_docs, reason = "each is the component of its name")]
pub struct Views {
    /// Prepares an answer from a trace; see [`start_other`].
    pub answering: fn(Question) -> Box<dyn Answering>,
    pub about_model: fn(Page) -> AnyView,
    pub chat: fn(Page) -> AnyView,
    pub device_models: fn(Page) -> AnyView,
    pub display_fields: fn(Page) -> AnyView,
    pub edit_button: fn(Page) -> AnyView,
    pub edit_menu: fn(Page, OpenMenu) -> AnyView,
    pub editing: fn(Page) -> AnyView,
    pub embed: fn() -> AnyView,
    pub embed_code: fn(Page, Derived<Option<Scene>>) -> AnyView,
    pub find: fn(Page) -> AnyView,
    pub find_pause: fn(Page) -> AnyView,
    pub head_page: fn(Page) -> AnyView,
    pub entry_options: fn(Page) -> AnyView,
    /// Hands over what is under a URL of this page, under a name.
    pub hand_over: fn(Page, String, String) -> Awaited<()>,
    pub help: fn() -> AnyView,
    pub export: fn(Page, Derived<Option<Scene>>, RwSignal<bool>, ExportChoice) -> AnyView,
    pub map_controls: fn(Map) -> AnyView,
    pub map_legend: fn(Map) -> AnyView,
    pub matrix_keys: fn(Figure, Derived<Grid>) -> AnyView,
    pub more_models: fn(Page) -> AnyView,
    pub neuron_panels: fn(Page) -> AnyView,
    pub neurons: fn(Page, Derived<Scheme>) -> AnyView,
    /// Opens a file that is not a trace if it is an atlas of heads, and says whether it is one.
    pub open_atlas: fn(Page, AtlasAt) -> Awaited<bool>,
    pub open_trace: fn(Page, RwSignal<bool>, RwSignal<String>) -> AnyView,
    pub palette: fn(Page) -> AnyView,
    pub pane: fn(Page, Derived<Scheme>) -> AnyView,
    pub predictions: fn(Page) -> AnyView,
    pub printed: fn(Page, Derived<Option<Scene>>) -> AnyView,
    pub random_block: fn(Page) -> AnyView,
    /// The part of the reducer that the page is shown without.
    pub reducers: &'static Reducers,
    pub save: fn(Page, RwSignal<bool>, SaveChoice) -> AnyView,
    pub saved_edits: fn(Page) -> AnyView,
    /// Saves a part of the trace on screen.
    pub save_trace: fn(Page, Saved, bool) -> Awaited<()>,
    pub scores: fn(Page, Derived<HeadColours>, RwSignal<Ranking>) -> AnyView,
    pub side_choice: fn(Page) -> AnyView,
    /// Starts a worker that runs models.
    pub start_worker: StartWorker,
    pub stream: fn(Page, Derived<Scheme>) -> AnyView,
    pub stream_panels: fn(Page) -> AnyView,
    pub sweep: fn(Page) -> AnyView,
    pub thread_choice: fn(Page) -> AnyView,
    pub tour: fn(Page) -> AnyView,
}

static VIEWS: Views = Views {
    answering: start_other,
    about_model: if RUNS_MODELS { |page| view! { <AboutModel page /> } } else { |_| nothing() },
    chat: if RUNS_MODELS { |page| view! { <ChatFields page /> } } else { |_| nothing() },
    display_fields: |page| view! { <DisplayFields page /> },
    device_models: if RUNS_MODELS { |page| view! { <DeviceModels page /> } } else { |_| nothing() },
    edit_button: if RUNS_MODELS { |page| view! { <EditButton page /> } } else { |_| nothing() },
    edit_menu: if RUNS_MODELS { |page, open| view! { <EditMenu page open /> } } else { |_, _| nothing() },
    editing: if RUNS_MODELS { |page| view! { <Editing page /> } } else { |_| nothing() },
    embed: if RUNS_MODELS { || view! { <Embed /> } } else { || nothing() },
    embed_code: if RUNS_MODELS { |page, scene| view! { <EmbedCode page scene /> } } else { |_, _| nothing() },
    find: if RUNS_MODELS { |page| view! { <FindView page /> } } else { |_| nothing() },
    find_pause: if RUNS_MODELS { |page| view! { <PauseButton page /> } } else { |_| nothing() },
    head_page: if RUNS_MODELS { |page| view! { <LinkWrites page /> <HeadPage page /> } } else { |_| nothing() },
    entry_options: if RUNS_MODELS { |page| view! { <EntryOptions page /> } } else { |_| nothing() },
    hand_over: |page, url, name| Box::pin(save::hand_over(page, url, name)),
    help: || view! { <Help /> },
    export: |page, scene, is_open, choice| view! { <Export page scene is_open choice /> },
    map_controls: |map| view! { <MapControls map /> },
    map_legend: |map| view! { <MapLegend map /> },
    matrix_keys: |figure, grid| view! { <MatrixKeys figure grid /> },
    more_models: if RUNS_MODELS { |page| view! { <Ways page /> } } else { |_| nothing() },
    neuron_panels: |page| view! { <NeuronPanels page /> },
    neurons: |page, scheme| view! { <NeuronView page scheme /> },
    open_atlas: if RUNS_MODELS { open_atlas } else { |_, _| Box::pin(std::future::ready(false)) },
    open_trace: |page, is_open, url| view! { <OpenTrace page is_open url /> },
    pane: |page, scheme| view! { <PaneView page scheme /> },
    palette: |page| view! { <Palette page /> },
    predictions: if RUNS_MODELS { |page| view! { <Predictions page /> } } else { |_| nothing() },
    printed: |page, scene| view! { <Printed page scene /> },
    random_block: if RUNS_MODELS { |page| view! { <RandomBlockFields page /> } } else { |_| nothing() },
    reducers: &REDUCERS,
    save: |page, is_open, choice| view! { <Save page is_open choice /> },
    saved_edits: |page| view! { <SavedEdits page /> },
    save_trace: |page, saved, is_half| Box::pin(save::save_trace(page, saved, is_half)),
    scores: |page, colours, ranking| {
        view! {
            {RUNS_MODELS.then(|| view! { <MattersPanel page /> })}
            <ScoresPanel page colours ranking />
            {RUNS_MODELS.then(|| view! { <DirectPanel page /><NeuronPage page /> })}
        }
    },
    side_choice: if RUNS_MODELS { |page| view! { <SideChoice page /> } } else { |_| nothing() },
    start_worker: if RUNS_MODELS { start_worker } else { |_, _| Err("this page runs no models".to_owned()) },
    stream: |page, scheme| view! { <StreamView page scheme /> },
    stream_panels: |page| view! { <StreamPanels page /> },
    thread_choice: if RUNS_MODELS { |page| view! { <ThreadChoice page /> } } else { |_| nothing() },
    tour: if RUNS_MODELS { |page| view! { <Tour page /> } } else { |_| nothing() },
    sweep: if RUNS_MODELS { |page| view! { <SweepStage page /> } } else { |_| nothing() },
};

/// Stands for a view that a program without models leaves out.
fn nothing() -> AnyView {
    ().into_any()
}

#[cfg(feature = "split")]
mod part {
    use super::{VIEWS, Views};
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    /// Fetches the part, then returns the table.
    #[wasm_split(views, fallible)]
    pub fn views() -> Result<&'static Views, SplitLoaderError> {
        Ok(&VIEWS)
    }
}

/// The table of views; `None` where it could not be fetched.
pub async fn views() -> Option<&'static Views> {
    #[cfg(feature = "split")]
    return part::views().await.ok();
    #[cfg(not(feature = "split"))]
    return Some(&VIEWS);
}

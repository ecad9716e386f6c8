//! The views that are fetched after the page.

use leptos::prelude::*;

use super::reader::{Awaited, Held};
use crate::answers::{Answering, start_other};
use crate::protocol::Question;
use crate::render::{HeadColours, Scheme};
use crate::state::RUNS_MODELS;
use crate::trace::file::Saved;
use crate::ui::change::edit_menu::{EditMenu, OpenMenu};
use crate::ui::change::panels::Editing;
use crate::ui::change::sweep::SweepStage;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::input::chat::ChatFields;
use crate::ui::input::examples::Examples;
use crate::ui::models::device_models::DeviceModels;
use crate::ui::models::more::Ways;
use crate::ui::neurons::{NeuronPanels, NeuronView};
use crate::ui::numbers::direct::DirectPanel;
use crate::ui::numbers::head_page::HeadPage;
use crate::ui::numbers::link_writes::LinkWrites;
use crate::ui::numbers::predictions::Predictions;
use crate::ui::numbers::scores::{Ranking, ScoresPanel};
use crate::ui::palette::Palette;
use crate::ui::share::trace::save;
use crate::ui::share::{EmbedCode, Export, ExportChoice, Printed, Save, SaveChoice};
use crate::ui::shell::embed::Embed;
use crate::ui::shell::help::Help;
use crate::ui::shell::page::Page;
use crate::ui::shell::pane::PaneView;
use crate::ui::shell::tour::Tour;
use crate::ui::stream::{StreamPanels, StreamView};

/// A function for each view; its parameters are the component's properties. Two functions make what later views are made of.
#[allow(missing_docs, reason = "each is the component of its name")]
pub struct Views {
    /// Prepares an answer from a trace; see [`start_other`].
    pub answering: fn(Question) -> Box<dyn Answering>,
    pub chat: fn(Page) -> AnyView,
    pub device_models: fn(Page) -> AnyView,
    pub edit_menu: fn(Page, OpenMenu) -> AnyView,
    pub editing: fn(Page) -> AnyView,
    pub embed: fn() -> AnyView,
    pub embed_code: fn(Page, Derived<Option<Scene>>) -> AnyView,
    pub examples: fn(Page) -> AnyView,
    pub head_page: fn(Page) -> AnyView,
    pub help: fn() -> AnyView,
    pub export: fn(Page, Derived<Option<Scene>>, RwSignal<bool>, ExportChoice) -> AnyView,
    pub more_models: fn(Page) -> AnyView,
    pub neuron_panels: fn(Page) -> AnyView,
    pub neurons: fn(Page, Derived<Scheme>) -> AnyView,
    pub palette: fn(Page) -> AnyView,
    pub pane: fn(Page, Derived<Scheme>) -> AnyView,
    pub predictions: fn(Page) -> AnyView,
    pub printed: fn(Page, Derived<Option<Scene>>) -> AnyView,
    pub save: fn(Page, RwSignal<bool>, SaveChoice) -> AnyView,
    pub scores: fn(Page, Derived<HeadColours>, RwSignal<Ranking>) -> AnyView,
    pub stream: fn(Page, Derived<Scheme>) -> AnyView,
    pub stream_panels: fn(Page) -> AnyView,
    pub sweep: fn(Page) -> AnyView,
    pub tour: fn(Page) -> AnyView,
    /// Writes a file with a part of a trace; returns its object URL or one sentence for the reader.
    pub write_trace: fn(Held, Saved, bool) -> Awaited<Result<String, String>>,
}

static VIEWS: Views = Views {
    answering: start_other,
    chat: if RUNS_MODELS { |page| view! { <ChatFields page /> } } else { |_| nothing() },
    device_models: if RUNS_MODELS { |page| view! { <DeviceModels page /> } } else { |_| nothing() },
    edit_menu: if RUNS_MODELS { |page, open| view! { <EditMenu page open /> } } else { |_, _| nothing() },
    editing: if RUNS_MODELS { |page| view! { <Editing page /> } } else { |_| nothing() },
    embed: if RUNS_MODELS { || view! { <Embed /> } } else { || nothing() },
    embed_code: if RUNS_MODELS { |page, scene| view! { <EmbedCode page scene /> } } else { |_, _| nothing() },
    examples: if RUNS_MODELS { |page| view! { <Examples page /> } } else { |_| nothing() },
    head_page: if RUNS_MODELS { |page| view! { <LinkWrites page /> <HeadPage page /> } } else { |_| nothing() },
    help: || view! { <Help /> },
    export: |page, scene, is_open, choice| view! { <Export page scene is_open choice /> },
    more_models: if RUNS_MODELS { |page| view! { <Ways page /> } } else { |_| nothing() },
    neuron_panels: |page| view! { <NeuronPanels page /> },
    neurons: |page, scheme| view! { <NeuronView page scheme /> },
    pane: |page, scheme| view! { <PaneView page scheme /> },
    palette: |page| view! { <Palette page /> },
    predictions: if RUNS_MODELS { |page| view! { <Predictions page /> } } else { |_| nothing() },
    printed: |page, scene| view! { <Printed page scene /> },
    save: |page, is_open, choice| view! { <Save page is_open choice /> },
    scores: |page, colours, ranking| {
        view! {
            <ScoresPanel page colours ranking />
            {RUNS_MODELS.then(|| view! { <DirectPanel page /> })}
        }
    },
    stream: |page, scheme| view! { <StreamView page scheme /> },
    stream_panels: |page| view! { <StreamPanels page /> },
    tour: if RUNS_MODELS { |page| view! { <Tour page /> } } else { |_| nothing() },
    sweep: if RUNS_MODELS { |page| view! { <SweepStage page /> } } else { |_| nothing() },
    write_trace: |trace, saved, is_half| Box::pin(async move { save::write(trace.in_page(), saved, is_half).await }),
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

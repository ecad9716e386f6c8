//! What the page knows: one value, and one pure function that changes it.
//!
//! [`State::update`] takes an [`Event`] and returns the [`Effect`]s it asks of the browser; `ui` carries them out. The
//! last result stays on screen through every failure. Invariant: no globals, so several instances on one page share
//! nothing. The state knows no browser and is tested with plain `cargo test`.

pub mod about;
pub mod captions;
pub mod catalogue;
pub mod chat;
pub mod editing;
pub mod embed_code;
pub mod entry;
pub mod event;
pub mod find;
pub mod home;
pub mod kept;
pub mod labels;
pub mod later;
pub mod layout;
pub mod link;
pub mod link_options;
pub mod linking;
pub mod matters;
pub mod more_models;
pub mod notices;
mod on_screen;
pub mod options;
pub mod palette;
pub mod panes;
pub mod python;
pub mod quantities;
pub mod readings;
pub mod requests;
pub mod scales;
pub mod scores;
pub mod seeds;
pub mod selection;
pub mod shown;
pub mod start;
pub mod stream;
pub mod tour;
pub mod traces;
pub mod typed;
pub mod wording;
pub mod work;
mod zeroing;

mod examples;
mod provenance;
mod reduce;

#[cfg(test)]
mod tests;

pub use captions::CaptionText;
pub use catalogue::ModelEntry;
pub use chat::ChatChange;
pub use editing::{EditEvent, Editing, ListedEdit, SweepState, Variant};
pub use entry::{Entry, EntryChange, EntryEvent, EntryKind};
pub use event::{Effect, Event};
pub use find::{Find, FindEvent};
pub use home::{Home, RUNS_MODELS};
use later::Later;
pub use layout::{Column, InspectorTab, Layout, LayoutChange, Widths};
pub use link::TracePlace;
pub use linking::{LinkEvent, Linking};
pub use matters::{Matters, MattersChoice, MattersEvent, Ranked};
pub use more_models::{MoreEvent, MoreModels};
pub use notices::{InputNotice, Notices, Recovery, Stopped};
pub use on_screen::OnScreen;
pub use options::{Arrangement, Display, DisplayChange, Drawing, MIN_WEIGHTS, Options, SegmentFilter, Theme};
pub use panes::{Pane, PaneEvent};
pub use provenance::TraceModel;
pub use quantities::QuantityStore;
pub use readings::Readings;
use requests::Requests;
pub use requests::Slot;
pub use scales::{Scales, ViewEvent};
pub use scores::{LinkWeights, ScoreEvent, ScoreStore};
pub use seeds::{N_SEEDS, SeedScores};
pub use selection::{Selection, SelectionEvent, Shape, TokenRef, View};
pub use shown::{LayerPatterns, Looked, Origin, Second, Shown};
pub use start::{FirstScreen, StartEvent};
pub use stream::{StreamEvent, StreamStore};
pub use traces::{OpenedTrace, SaveForm, TraceEvent, Traces};
pub use work::{
    LongRequest, Plan, Progress, RunReason, Task, Threads, UnderWay, Work, WorkEvent, WorkerEvent, WorkerPhase,
};

/// The text of the first screen.
pub const FIRST_TEXT: &str = "The cat sat on the mat";
/// Its second text.
pub const FIRST_PAIR: &str = "The cat lay on the rug";
/// Its layer and head: one whose few strong lines run between equal words of the two sentences.
const FIRST_LOOK: (usize, usize) = (2, 9);

/// The whole state of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Where the page is shown.
    pub home: Home,
    /// Absolute URL of the page's folder, with its final slash.
    pub base_url: String,
    /// The models on offer, once known.
    pub models: Vec<ModelEntry>,
    /// The model that is picked, by its place in `models`.
    pub picked_model: usize,
    /// Models of the Hub and from disk.
    pub more: MoreModels,
    /// The fields of the input.
    pub entry: Entry,
    /// The worker and what it does.
    pub work: Work,
    /// Whether the first example is on screen, or still on its way.
    pub first: FirstScreen,
    /// The result on screen.
    pub shown: Option<Shown>,
    /// What is looked at.
    pub selection: Selection,
    /// How things are shown.
    pub options: Options,
    /// How the page is divided.
    pub layout: Layout,
    /// The views beyond the selection: how they are drawn, and what they hold.
    pub scales: Scales,
    /// The address.
    pub linking: Linking,
    /// What is known about the words of the result.
    pub readings: Readings,
    /// Scores of all heads.
    pub scores: ScoreStore,
    /// The stream: lens, norms and cosines, and the outcome as a sum.
    pub stream: StreamStore,
    /// What matters for the outcome: estimates, trials and saliency.
    pub matters: Matters,
    /// What is drawn in place of weights, where something is.
    pub quantities: QuantityStore,
    /// The edits, and the results that are compared.
    pub editing: Editing,
    /// The workbench for sets of texts.
    pub find: Find,
    /// Traces that are being opened.
    pub traces: Traces,
    /// What went wrong.
    pub notices: Notices,
    /// The second view, where there is one.
    pane: Option<Box<Pane>>,
    /// Whether what belongs to the second view is in the places of what belongs to the first one.
    is_in_pane: bool,
    /// What was asked and is not answered yet.
    requests: Requests,
    /// The request for the patterns of the selected layer; they are kept in `shown`.
    patterns: Slot<()>,
    /// The part of the reducer that a page may fetch after itself.
    later: Later,
}

impl State {
    /// The state of a page that was just opened; `base_url` ends with a slash.
    pub fn new(base_url: String, theme: Theme) -> Self {
        Self {
            home: Home::Page,
            base_url,
            models: Vec::new(),
            picked_model: 0,
            more: MoreModels::default(),
            first: FirstScreen::default(),
            shown: None,
            selection: Selection { layer: FIRST_LOOK.0, heads: [FIRST_LOOK.1].into(), ..Selection::default() },
            options: Options { theme, ..Options::default() },
            layout: Layout::default(),
            scales: Scales::default(),
            linking: Linking::default(),
            entry: Entry {
                text: FIRST_TEXT.to_owned(),
                pair: FIRST_PAIR.to_owned(),
                example: Some(0),
                ..Entry::default()
            },
            work: Work::default(),
            readings: Readings::default(),
            scores: ScoreStore::default(),
            stream: StreamStore::default(),
            matters: Matters::default(),
            quantities: QuantityStore::default(),
            editing: Editing::default(),
            find: Find::default(),
            traces: Traces::default(),
            notices: Notices::default(),
            pane: None,
            is_in_pane: false,
            requests: Requests::default(),
            patterns: Slot::default(),
            later: Later::default(),
        }
    }

    /// The state of a page that does not stand on its own: without a text and without an example.
    pub fn at(home: Home, base_url: String, theme: Theme) -> Self {
        let page = Self::new(base_url, theme);
        if home.is_page() {
            return page;
        }
        Self { home, entry: Entry::default(), selection: Selection::default(), ..page }
    }

    /// The wanted model's entry.
    pub fn picked(&self) -> Option<&ModelEntry> {
        self.models.get(self.picked_model)
    }

    /// Whether something is under way that can be cancelled.
    pub fn is_busy(&self) -> bool {
        self.work.request.is_some() || self.work.planned.is_some() || self.requests.long().is_some()
    }

    /// Whether a reader waits for something. Nobody does for the measuring of each edit alone, which begins by itself.
    fn is_awaited(&self) -> bool {
        let by_itself = matches!(self.requests.long(), Some(requests::Purpose::EachAlone(_)));
        self.work.request.is_some() || self.work.planned.is_some() || self.requests.long().is_some() && !by_itself
    }

    /// How far that is, once a worker has said so.
    pub fn progress(&self) -> Option<Progress> {
        match &self.work.request {
            Some(work) => work.progress,
            None => self.requests.long_progress(),
        }
    }

    /// Whether the selected layer's patterns are still on their way.
    pub fn awaits_layer(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| shown.drawn.as_ref().is_none_or(|drawn| drawn.layer != self.selection.layer))
    }
}

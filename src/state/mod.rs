//! What the page knows: one value, and one pure function that changes it.
//!
//! [`State::update`] takes an [`Event`] and returns the [`Effect`]s it asks of the browser; `ui` carries them out. The
//! last result stays on screen through every failure. Invariant: no globals, so several instances on one page share
//! nothing. Imports `protocol` and `trace`; knows no browser and is tested with plain `cargo test`.

pub mod captions;
pub mod catalogue;
pub mod editing;
pub mod embed_code;
pub mod entry;
pub mod event;
pub mod first;
pub mod home;
pub mod kept;
pub mod link;
pub mod link_options;
pub mod linking;
pub mod more_models;
pub mod notices;
pub mod options;
pub mod readings;
pub mod scales;
pub mod scores;
pub mod seeds;
pub mod selection;
pub mod shown;
pub mod threads;
pub mod traces;
pub mod wording;
pub mod work;

mod examples;
mod lifecycle;
mod replies;
mod update;

#[cfg(test)]
mod tests;

pub use captions::CaptionText;
pub use catalogue::ModelEntry;
pub use editing::{EditEvent, Editing, ListedEdit, Side as EditSide, SweepState};
pub use entry::{Entry, EntryChange, EntryKind};
pub use event::{Effect, Event};
pub use first::FirstScreen;
pub use home::{Home, RUNS_MODELS};
pub use link::TracePlace;
pub use linking::Linking;
pub use more_models::{MoreEvent, MoreModels};
pub use notices::{InputNotice, Notices, Recovery, Stopped};
pub use options::{Arrangement, Display, DisplayChange, Drawing, MIN_WEIGHTS, Options, SegmentFilter, Theme};
pub use readings::Readings;
pub use scales::{ScaleEvent, Scales};
pub use scores::{LinkWeights, ScoreStore};
pub use seeds::{N_SEEDS, SeedScores};
pub use selection::{Selection, Shape, TokenRef, View};
pub use shown::{LayerPatterns, Looked, Origin, Second, Shown};
pub use threads::Threads;
pub use traces::{OpenedTrace, SaveForm, TraceEvent, Traces};
pub use work::{Plan, Progress, Purpose, Task, Work, WorkerPhase};

use crate::protocol::{ModelInfo, RequestId};

/// The text of the first screen.
pub const FIRST_TEXT: &str = "The cat sat on the mat";
/// Its second text.
pub const FIRST_PAIR: &str = "The cat lay on the rug";
/// Its layer and head: one whose few strong lines run between equal words of the two sentences.
const FIRST_LOOK: (usize, usize) = (2, 9);

/// Everything the page knows.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Where the page stands.
    pub home: Home,
    /// Absolute URL of the page's folder, with its final slash.
    pub base_url: String,
    /// The models on offer, once known.
    pub models: Vec<ModelEntry>,
    /// Which of them is wanted.
    pub picked_model: usize,
    /// How others are found.
    pub more: MoreModels,
    /// Where the worker is in its life.
    pub worker: WorkerPhase,
    /// The model that the worker holds.
    pub model: Option<ModelInfo>,
    /// What the text field holds.
    pub text: String,
    /// What the second text field holds; empty for none.
    pub pair: String,
    /// The other fields: ids, a random block, BOS.
    pub entry: Entry,
    /// Which example of the gallery it is.
    pub example: Option<usize>,
    /// Whether it was just picked: its result is looked at as it says.
    looks_at_example: bool,
    /// The long request under way.
    pub work: Option<Work>,
    /// What to run as soon as the model is there.
    pub planned: Option<Plan>,
    /// What becomes of the first example.
    pub first: FirstScreen,
    /// The result on screen.
    pub shown: Option<Shown>,
    /// What of it is looked at.
    pub selection: Selection,
    /// How it is shown.
    pub options: Options,
    /// The three scales: how they are drawn, and what they hold.
    pub scales: Scales,
    /// The address.
    pub linking: Linking,
    /// What is known of the words.
    pub readings: Readings,
    /// What is known of every head at once.
    pub scores: ScoreStore,
    /// How the model is changed, and what that does.
    pub editing: Editing,
    /// Traces that are being opened.
    pub traces: Traces,
    /// What went wrong.
    pub notices: Notices,
    /// What the model runs on.
    pub threads: Threads,
    next_request: RequestId,
    /// The request for patterns under way, and the layer it is for.
    wanted_layer: Option<(RequestId, usize)>,
    /// How often the worker stopped since it last completed a run.
    n_stops: u32,
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
            worker: WorkerPhase::Absent,
            model: None,
            text: FIRST_TEXT.to_owned(),
            pair: FIRST_PAIR.to_owned(),
            work: None,
            planned: None,
            first: FirstScreen::default(),
            shown: None,
            selection: Selection { layer: FIRST_LOOK.0, heads: [FIRST_LOOK.1].into(), ..Selection::default() },
            options: Options { theme, ..Options::default() },
            scales: Scales::default(),
            linking: Linking::default(),
            entry: Entry::default(),
            example: Some(0),
            looks_at_example: false,
            readings: Readings::default(),
            scores: ScoreStore::default(),
            editing: Editing::default(),
            traces: Traces::default(),
            notices: Notices::default(),
            threads: Threads::default(),
            next_request: 1,
            wanted_layer: None,
            n_stops: 0,
        }
    }

    /// The state of a page that stands elsewhere than on its own: without a text or an example of ours.
    pub fn at(home: Home, base_url: String, theme: Theme) -> Self {
        let page = Self::new(base_url, theme);
        if home.is_page() {
            return page;
        }
        let (text, pair, example, selection) = Default::default();
        Self { home, text, pair, example, selection, ..page }
    }

    /// The wanted model's entry.
    pub fn picked(&self) -> Option<&ModelEntry> {
        self.models.get(self.picked_model)
    }

    /// Whether something is under way that can be cancelled.
    pub fn is_busy(&self) -> bool {
        self.work.is_some() || self.planned.is_some()
    }

    /// Whether the selected layer's patterns are still on their way.
    pub fn awaits_layer(&self) -> bool {
        self.shown
            .as_ref()
            .is_some_and(|shown| shown.drawn.as_ref().is_none_or(|drawn| drawn.layer != self.selection.layer))
    }
}

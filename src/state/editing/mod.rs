//! Changing the model: the list of edits with undo, A and B side by side with their difference, the outcome that is followed,
//! sweeps and writing on.
//!
//! A is the model as it is on the text that was run; B is what it is compared with ([`Against`]), mostly the same text under
//! the edits. Invariant: A is never lost. `State::shown` is whichever of A, B and their difference is looked at; the others
//! wait here. The list outlives texts and models: edits that do not fit are inactive and say why. Imports `protocol`, `edit`.

mod against;
mod carry;
mod comparing;
mod difference;
mod list;
mod naming;
pub mod offers;
mod replies;
mod rows;
mod sides;
mod sweep;

#[cfg(test)]
mod offers_tests;
#[cfg(test)]
mod sides_tests;
#[cfg(test)]
mod tests;

use super::{RequestId, Shown};
use crate::edit::Edit;
use crate::protocol::{
    ComparedOutcome, ComparedToken, OutcomeAsked, OutcomeNumbers, Prediction, SamplingAsked, SweepAsked,
};
use crate::trace::{Spec, Tokens};
use comparing::Comparing;
use difference::Pairs;

pub use list::ListedEdit;
pub use naming::edit_name;
pub use rows::PatternRow;
pub use sweep::{Map, MapCell, SweepState};

/// Which of the results is on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The text that was run in the model as it is.
    #[default]
    A,
    /// What A is compared with.
    B,
    /// Every number of B minus that of A.
    Difference,
}

impl Side {
    /// In the order in which they are offered.
    pub const EACH: [Side; 3] = [Side::A, Side::B, Side::Difference];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Side::A => "A",
            Side::B => "B",
            Side::Difference => "B − A",
        }
    }
}

/// What B is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// The same text, under the edits that are switched on.
    #[default]
    Edits,
    /// Another text of as many tokens, in the same model.
    Text(String),
    /// A trace of the same tokens, by its file's name.
    Trace(String),
    /// The same tokens in another model of the same shape, by its place in the catalogue.
    Model(usize),
}

/// A trace that was opened to be compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceBeside {
    /// The file's name.
    pub file: String,
    /// What was read.
    pub tokens: Tokens,
    /// Whether the file says the tokens' ids.
    pub has_ids: bool,
    /// Layers and heads per layer.
    pub sizes: (usize, usize),
    /// The model's structure, where the file says it.
    pub spec: Option<Spec>,
}

/// A and B side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// After which token.
    pub position: usize,
    /// The most likely tokens; probabilities in A, then in B where there is one that predicts.
    pub tokens: Vec<ComparedToken>,
    /// The outcome in each, or why it cannot be measured.
    pub outcome: Option<Result<ComparedOutcome, String>>,
}

/// A token that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Where it stands.
    pub position: usize,
    /// How likely it was, by the whole distribution.
    pub prob: f32,
    /// The most likely tokens in its place.
    pub others: Vec<Prediction>,
}

/// Everything about changing the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Editing {
    /// In the order in which they act.
    pub list: Vec<ListedEdit>,
    undo: Vec<Vec<ListedEdit>>,
    redo: Vec<Vec<ListedEdit>>,
    next_id: u32,
    /// The results that are not on screen.
    kept: Vec<(Side, Box<Shown>)>,
    /// Which of them is on screen.
    pub side: Side,
    /// What B is.
    pub against: Against,
    /// Why B is not there, a sentence.
    pub against_problem: Option<String>,
    /// What becomes of the worker that holds B, where it is another model.
    second_worker: SecondWorker,
    /// Whether the panel is open; nothing where nobody has said so.
    pub is_open: Option<bool>,
    /// Why some edits do not act, by id.
    pub inactive: Vec<(u32, String)>,
    /// What the outcome fields hold.
    pub asked: OutcomeAsked,
    /// Whether somebody has chosen the outcome.
    pub is_outcome_chosen: bool,
    /// A and B, once known.
    pub compared: Option<Compared>,
    /// The outcome under each edit alone, by id.
    pub alone: Vec<(u32, OutcomeNumbers)>,
    /// The last sweep.
    pub sweep: Option<SweepState>,
    /// How the next token is chosen.
    pub sampling: SamplingAsked,
    /// How many tokens playing still writes.
    pub n_to_write: u32,
    /// Tokens written so far.
    pub written: Vec<Written>,
    /// What a token that is being replaced was chosen from, and its position.
    branching: Option<(usize, Vec<Prediction>)>,
    comparing: Option<Comparing>,
    /// The request for each edit alone, and the edits' ids.
    measuring: Option<(RequestId, Vec<u32>)>,
    /// Questions that are asked of A and of B.
    pairs: Pairs,
}

/// The life of the worker that holds another model as B.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SecondWorker {
    #[default]
    Absent,
    Starting,
    Loading(RequestId),
    Running(RequestId),
    Ready,
}

impl Default for Editing {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            next_id: 1,
            kept: Vec::new(),
            side: Side::A,
            against: Against::Edits,
            against_problem: None,
            second_worker: SecondWorker::Absent,
            is_open: None,
            inactive: Vec::new(),
            asked: OutcomeAsked::default(),
            is_outcome_chosen: false,
            compared: None,
            alone: Vec::new(),
            sweep: None,
            sampling: SamplingAsked { temperature: 0.0, top_k: 0, top_p: 1.0, seed: 0 },
            n_to_write: 0,
            written: Vec::new(),
            branching: None,
            comparing: None,
            measuring: None,
            pairs: Pairs::default(),
        }
    }
}

/// Something about editing happened.
#[derive(Clone, Debug, PartialEq)]
pub enum EditEvent {
    /// Add edits at the end of the list, as one change.
    Added(Vec<Edit>),
    /// Put another list in place of this one.
    Replaced(Vec<Edit>),
    /// Take one out.
    Removed(u32),
    /// Switch one on or off.
    Toggled(u32),
    /// Take the last change of the list back.
    Undone,
    /// Take the taking back back.
    Redone,
    /// Empty the list.
    Cleared,
    /// Look at A, B or their difference.
    SidePicked(Side),
    /// The next of A, B and their difference.
    SideStepped,
    /// B is something else now.
    AgainstPicked(Against),
    /// The trace that is to be B was opened, or not.
    TraceCame(Box<Result<TraceBeside, String>>),
    /// Open or close the panel.
    PanelOpened(bool),
    /// The outcome to follow was typed.
    OutcomePicked(OutcomeAsked),
    /// Start a sweep.
    SweepAsked(SweepAsked),
    /// How the next token is chosen.
    SamplingPicked(SamplingAsked),
    /// Write so many tokens.
    WriteAsked(u32),
    /// Write this token, whatever the model says.
    TokenPicked(u32),
    /// Go back to so many tokens, and write this one.
    BranchPicked(usize, u32),
    /// Forget the last token.
    TokenTakenBack,
}

impl Editing {
    /// Why an edit does not act.
    pub fn reason(&self, id: u32) -> Option<&str> {
        self.inactive.iter().find(|(at, _)| *at == id).map(|(_, reason)| reason.as_str())
    }

    /// The outcome under one edit alone.
    pub fn outcome_alone(&self, id: u32) -> Option<OutcomeNumbers> {
        self.alone.iter().find(|(at, _)| *at == id).map(|(_, value)| *value)
    }

    /// The outcome of A.
    pub fn outcome_a(&self) -> Option<OutcomeNumbers> {
        self.outcome_of(0)
    }

    /// The outcome of B.
    pub fn outcome_b(&self) -> Option<OutcomeNumbers> {
        self.outcome_of(1)
    }

    fn outcome_of(&self, run: usize) -> Option<OutcomeNumbers> {
        self.compared.as_ref()?.outcome.as_ref()?.as_ref().ok()?.values.get(run).copied()
    }

    /// Whether there is a B to look at.
    pub fn has_b(&self) -> bool {
        self.side != Side::A || !self.kept.is_empty()
    }
}

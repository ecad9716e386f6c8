//! Changing the model: the list of edits with undo, A and B side by side with their difference, the outcome that is followed,
//! sweeps and generation.
//!
//! A is the model as it is on the text that was run; B is what it is compared with ([`Against`]), mostly the same text under
//! the edits. Invariant: A is never lost. `State::shown` is whichever of A, B and their difference is looked at; the others
//! wait here. The list outlives texts and models: edits that do not fit are inactive and say why.

mod against;
pub mod answers;
mod comparing;
pub mod forms;
pub mod inside;
mod list;
mod naming;
pub mod offers;
mod reduce;
mod replies;
mod rows;
mod sweep;
pub mod sweep_kinds;
mod variants;
mod writing;

#[cfg(test)]
mod forms_tests;
#[cfg(test)]
mod offers_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod variants_tests;

use std::collections::BTreeMap;

use super::Shown;
use super::requests::Slot;
use crate::edit::Edit;
use crate::protocol::{
    ComparedOutcome, ComparedToken, OutcomeAsked, OutcomeNumbers, Prediction, SamplingAsked, SweepAsked,
};
use crate::trace::display::TokenLabel;
use crate::trace::{Spec, Tokens};

pub use list::ListedEdit;
pub use naming::edit_name;
pub use rows::PatternRow;
pub use sweep::{Map, MapCell, SweepState};

/// One of the results that can be on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// The text as the unedited model read it.
    #[default]
    A,
    /// The result that A is compared with.
    B,
    /// Every number of B minus that of A.
    Difference,
}

impl Variant {
    /// In the order in which they are offered.
    pub const EACH: [Variant; 3] = [Variant::A, Variant::B, Variant::Difference];
}

/// What A is compared with.
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

/// A generated token.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The token's position.
    pub position: usize,
    /// The token's probability in the whole distribution.
    pub prob: f32,
    /// The tokens that were most likely in its place.
    pub others: Vec<Prediction>,
}

/// How the original and the result that it is compared with go on, each by its own choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuations {
    /// The tokens of the original.
    pub original: Vec<Prediction>,
    /// The tokens of the other result.
    pub other: Vec<Prediction>,
}

impl Continuations {
    /// How many tokens they share before they part.
    pub fn n_shared(&self) -> usize {
        self.original.iter().zip(&self.other).take_while(|(one, other)| one.id == other.id).count()
    }
}

/// The edits, what they are compared with, and what they do.
#[derive(Clone, Debug, PartialEq)]
pub struct Editing {
    /// The edits, in the order in which they act.
    pub list: Vec<ListedEdit>,
    undo: Vec<Vec<ListedEdit>>,
    redo: Vec<Vec<ListedEdit>>,
    next_id: u32,
    /// The results that are not on screen.
    kept: Vec<(Variant, Box<Shown>)>,
    /// The one that is on screen.
    pub variant: Variant,
    /// What A is compared with.
    pub against: Against,
    /// Why there is no B: a sentence for the reader.
    pub against_problem: Option<String>,
    /// The life of the worker that holds B, where B is another model.
    second_worker: SecondWorker,
    /// Why some edits are inactive, by the edits' ids.
    pub inactive: Vec<(u32, String)>,
    /// What the outcome fields hold.
    pub asked: OutcomeAsked,
    /// Whether the outcome was chosen by hand.
    pub is_outcome_chosen: bool,
    /// A and B side by side.
    pub compared: Slot<Compared>,
    /// The outcome under each edit alone, by id.
    pub alone: Vec<(u32, OutcomeNumbers)>,
    /// The last sweep that was started.
    pub sweep: Option<SweepState>,
    /// Whether its map stands on the stage.
    pub is_sweep_shown: bool,
    /// The way in which the next token is chosen.
    pub sampling: SamplingAsked,
    /// How many tokens were asked for.
    pub n_asked: u32,
    /// How many tokens are still to be generated.
    pub n_to_write: u32,
    /// The tokens generated so far.
    pub written: Vec<Written>,
    /// Why no token was added the last time one was asked for: a sentence for the reader.
    pub writing_note: Option<String>,
    /// The continuations of the original and of the result that it is compared with.
    pub continuations: Option<Continuations>,
    /// The position of a token that is being replaced, and the tokens that were most likely there.
    branching: Option<(usize, Vec<Prediction>)>,
    /// How texts typed as answers are cut into tokens, by the text.
    cuts: BTreeMap<String, Vec<TokenLabel>>,
    /// The request for one of `cuts`.
    pub(super) cut_asked: Slot<()>,
    /// The request for the outcomes in `alone`, which come one by one.
    pub(super) alone_asked: Slot<()>,
    /// What the worker that holds another model was asked to do before there is a B.
    pub(super) second_asked: Slot<()>,
}

/// The life of the worker that holds another model as B.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SecondWorker {
    #[default]
    Absent,
    /// The reader is asked whether to load so large a model.
    Asking,
    /// The worker's program is being fetched and compiled.
    Starting,
    /// The worker takes requests.
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
            variant: Variant::A,
            against: Against::Edits,
            against_problem: None,
            second_worker: SecondWorker::Absent,
            inactive: Vec::new(),
            asked: OutcomeAsked::default(),
            is_outcome_chosen: false,
            compared: Slot::default(),
            alone: Vec::new(),
            sweep: None,
            is_sweep_shown: false,
            sampling: SamplingAsked { temperature: 0.0, top_k: 0, top_p: 1.0, seed: 0 },
            n_asked: 0,
            n_to_write: 0,
            written: Vec::new(),
            writing_note: None,
            continuations: None,
            branching: None,
            cuts: BTreeMap::new(),
            cut_asked: Slot::default(),
            alone_asked: Slot::default(),
            second_asked: Slot::default(),
        }
    }
}

/// Somebody edits the model, or asks what edits do.
#[derive(Clone, Debug, PartialEq)]
pub enum EditEvent {
    /// Add edits at the end of the list, as one change.
    Added(Vec<Edit>),
    /// Put another list in place of this one.
    Replaced(Vec<Edit>),
    /// Remove one edit.
    Removed(u32),
    /// Switch one edit on or off.
    Toggled(u32),
    /// Undo the last change of the list.
    Undone,
    /// Redo the last undone change.
    Redone,
    /// Remove all edits.
    Cleared,
    /// Show A, B or their difference.
    VariantPicked(Variant),
    /// Show the next of A, B and their difference.
    VariantStepped,
    /// Compare with something else.
    AgainstPicked(Against),
    /// Load the other model, however large.
    SecondModelAgreed,
    /// The trace to compare with was opened, or could not be.
    TraceCame(Box<Result<TraceBeside, String>>),
    /// A text is typed as an answer: the reader wants to see how it is cut.
    AnswerTyped(String),
    /// The outcome to follow was chosen.
    OutcomePicked(OutcomeAsked),
    /// Start a sweep, and show its map.
    SweepAsked(SweepAsked),
    /// Show the map of the last sweep instead of the views, or the views again.
    SweepShown(bool),
    /// The way in which the next token is chosen.
    SamplingPicked(SamplingAsked),
    /// Generate so many tokens.
    WriteAsked(u32),
    /// Continue both results by so many tokens, each by its own choice.
    ContinueAsked(u32),
    /// Append this token, whatever the model predicts.
    TokenPicked(u32),
    /// Go back to so many tokens, and append this one.
    BranchPicked(usize, u32),
    /// Remove the last token.
    TokenTakenBack,
}

impl Editing {
    /// A result's name on the page. "Edited" is said of edits only.
    pub fn name_of(&self, side: Variant) -> &'static str {
        match (side, &self.against) {
            (Variant::A, _) => "Original",
            (Variant::B, Against::Edits) => "Edited",
            (Variant::B, Against::Text(_)) => "Other text",
            (Variant::B, Against::Trace(_)) => "Trace",
            (Variant::B, Against::Model(_)) => "Other model",
            (Variant::Difference, _) => "Change",
        }
    }

    /// Why an edit is inactive.
    pub fn reason(&self, id: u32) -> Option<&str> {
        self.inactive.iter().find(|(at, _)| *at == id).map(|(_, reason)| reason.as_str())
    }

    /// The outcome under one edit alone.
    pub fn outcome_alone(&self, id: u32) -> Option<OutcomeNumbers> {
        self.alone.iter().find(|(at, _)| *at == id).map(|(_, value)| *value)
    }

    /// What one edit alone changes of the outcome.
    pub fn effect_alone(&self, id: u32) -> Option<f32> {
        Some(self.outcome_alone(id)?.value - self.outcome_a()?.value)
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
        self.compared.value()?.outcome.as_ref()?.as_ref().ok()?.values.get(run).copied()
    }

    /// Whether there is a B.
    pub fn has_b(&self) -> bool {
        self.variant != Variant::A || !self.kept.is_empty()
    }
}

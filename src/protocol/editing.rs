//! Questions and answers about edits: running again under them, what they do to an outcome, sweeps, generation.

use serde::{Deserialize, Serialize};

use super::{Prediction, RequestId, RunId, RunInfo, TokenAsked};
use crate::edit::{Edit, PatchSite};
use crate::trace::Tokens;

/// A request of the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EditingRequest {
    /// Run the tokens of a run again under other edits; layers before the first difference are shared. Edits that do not fit
    /// are left out and named. Answered by [`EditingReply::Again`].
    Again {
        /// The request's number.
        request: RequestId,
        /// The run to start from; it stays as it is.
        base: RunId,
        /// What acts in the new run; edits that are switched off keep their place in the list.
        edits: Vec<Edit>,
    },
    /// Predictions and the outcome in some runs, side by side. Answered by [`EditingReply::Compared`].
    Compare {
        /// The request's number.
        request: RequestId,
        /// Which runs, of the same tokens or at least as many.
        runs: Vec<RunId>,
        /// What is measured, if anything.
        outcome: Option<OutcomeAsked>,
        /// Ids of tokens that are listed besides the most likely ones.
        also: Vec<u32>,
    },
    /// One edit after another, each alone on top of `edits`. Each cell comes as [`EditingReply::SweepCell`]; answered by
    /// [`EditingReply::SweepDone`].
    Sweep {
        /// The request's number.
        request: RequestId,
        /// A run with these edits.
        base: RunId,
        /// The edits that `base` ran with.
        edits: Vec<Edit>,
        /// What is tried.
        what: SweepAsked,
        /// What is measured.
        outcome: OutcomeAsked,
    },
    /// Generate. Each token comes as [`EditingReply::Written`]; answered by [`EditingReply::WritingDone`].
    Write {
        /// The request's number.
        request: RequestId,
        /// The run that chooses, and grows.
        run: RunId,
        /// Another run of the same tokens that reads what the first one writes.
        follower: Option<RunId>,
        /// How many tokens of the run stay: fewer than there are to go back first.
        n_keep: u32,
        /// The first token, where it is not the model's choice.
        first_id: Option<u32>,
        /// How many tokens at most, the first one included.
        n_tokens: u32,
        /// How tokens are chosen.
        sampling: SamplingAsked,
    },
    /// Continues runs of the same tokens, each by its own choice; the runs stay as they are. Answered by
    /// [`EditingReply::Continued`].
    Continue {
        /// The request's number.
        request: RequestId,
        /// Which runs.
        runs: Vec<RunId>,
        /// How many tokens at most.
        n_tokens: u32,
        /// How they are chosen.
        sampling: SamplingAsked,
    },
}

/// The outcome that is followed while the model is edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutcomeAsked {
    /// How much likelier one token is than others.
    Tokens {
        /// The token whose logit counts, e.g. " Mary".
        answer: OutcomeToken,
        /// The tokens whose logit is subtracted, of several its mean; none before one is chosen.
        others: Vec<OutcomeToken>,
        /// After which token; nothing for the first [MASK], or the last token.
        position: Option<u32>,
    },
    /// The logit of a classifier's label, or the difference of two.
    Label {
        /// The label whose logit counts, by its index; nothing before one is chosen.
        label: Option<u32>,
        /// The label whose logit is subtracted.
        against: Option<u32>,
        /// Of which token, where each has labels; nothing for the first of the text.
        position: Option<u32>,
    },
    /// How alike two texts are, each read on its own under the same edits: the cosine of their mean-pooled embeddings.
    Cosine {
        /// One text.
        first: String,
        /// The other.
        second: String,
    },
}

/// A token of an outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeToken {
    /// The token as text, with its space; empty where only its id is known.
    pub text: String,
    /// Its id, which decides where a text alone could be another token: "##ing" and "ing" are written alike.
    pub id: Option<u32>,
}

impl OutcomeToken {
    /// Whether neither a text nor an id says which token this is.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.id.is_none()
    }

    /// What the page calls it.
    pub fn name(&self) -> String {
        match (self.id, self.text.trim()) {
            (Some(id), "") => format!("token {id}"),
            (_, text) => text.to_owned(),
        }
    }
}

impl From<&OutcomeToken> for TokenAsked {
    fn from(token: &OutcomeToken) -> Self {
        token.id.map_or_else(|| TokenAsked::Text(token.text.clone()), TokenAsked::Id)
    }
}

impl From<&str> for OutcomeToken {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), id: None }
    }
}

impl Default for OutcomeAsked {
    fn default() -> Self {
        OutcomeAsked::tokens("", "")
    }
}

impl OutcomeAsked {
    /// A pair of tokens at the position where a prediction is looked at by default.
    pub fn tokens(answer: &str, other: &str) -> Self {
        let others = if other.is_empty() { Vec::new() } else { vec![other.into()] };
        OutcomeAsked::Tokens { answer: answer.into(), others, position: None }
    }

    /// The tokens that it follows, the answer first; none of a label or a cosine.
    pub fn tokens_mut(&mut self) -> impl Iterator<Item = &mut OutcomeToken> {
        let tokens = match self {
            OutcomeAsked::Tokens { answer, others, .. } => Some(std::iter::once(answer).chain(others)),
            OutcomeAsked::Label { .. } | OutcomeAsked::Cosine { .. } => None,
        };
        tokens.into_iter().flatten()
    }

    /// Whether all of its fields are filled in.
    pub fn is_complete(&self) -> bool {
        match self {
            OutcomeAsked::Tokens { answer, others, .. } => {
                !answer.is_empty() && !others.is_empty() && !others.iter().any(OutcomeToken::is_empty)
            }
            OutcomeAsked::Label { label, .. } => label.is_some(),
            OutcomeAsked::Cosine { first, second } => !first.trim().is_empty() && !second.trim().is_empty(),
        }
    }
}

/// What a sweep tries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SweepAsked {
    /// Each head's z becomes 0.
    ZeroHeads,
    /// Each head's z becomes its mean over the input's positions.
    PositionMeanHeads,
    /// Each head's z becomes its mean over other texts.
    MeanHeads(Vec<String>),
    /// Each token as a key, layer by layer, seen by no other token.
    CutKeys,
    /// Activations of each layer come from another text of equally many tokens.
    Patch {
        /// Which activations.
        site: PatchSite,
        /// The other text.
        text: String,
        /// Whether this text's values are put into the other one (denoising) instead of the other way round.
        is_denoising: bool,
    },
    /// These edits, one cell each in row 0.
    Each(Vec<Edit>),
}

/// How the next token is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingAsked {
    /// 0 for the most likely token.
    pub temperature: f64,
    /// 0 for all.
    pub top_k: u32,
    /// 1 for all.
    pub top_p: f64,
    /// The seed of the draws.
    pub seed: u64,
}

/// A message of the worker to the page.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EditingReply {
    /// The run is complete.
    Again {
        /// The request that this answers.
        request: RequestId,
        /// The run.
        run: RunInfo,
        /// Edits that do not fit, by their place in the list counted from 0, and why.
        inactive: Vec<(u32, String)>,
    },
    /// Runs side by side.
    Compared {
        /// The request that this answers.
        request: RequestId,
        /// After which token.
        position: u32,
        /// The most likely tokens of all runs together, the first run's order first; of a classifier its labels.
        tokens: Vec<ComparedToken>,
        /// The outcome, or one sentence why it cannot be measured.
        outcome: Option<Result<ComparedOutcome, String>>,
    },
    /// A cell of a sweep that goes on.
    SweepCell {
        /// The request that this answers.
        request: RequestId,
        /// The cell.
        cell: SweepNumbers,
    },
    /// Every cell has been sent.
    SweepDone {
        /// The request that this answers.
        request: RequestId,
        /// The outcome without any cell's edit.
        base: OutcomeNumbers,
        /// The outcome of the other text, where there is one.
        other: Option<OutcomeNumbers>,
    },
    /// A token was written; more may come.
    Written {
        /// The request that this answers.
        request: RequestId,
        /// The run that this is about.
        run: RunId,
        /// All tokens of the run.
        tokens: Tokens,
        /// The token's probability in the whole distribution.
        prob: f32,
        /// The most likely tokens after it.
        top: Vec<Prediction>,
        /// The most likely tokens in the run that follows.
        follower_top: Vec<Prediction>,
    },
    /// Continuations of some runs.
    Continued {
        /// The request that this answers.
        request: RequestId,
        /// The tokens of each run with their probabilities, in the order of the runs.
        continuations: Vec<Vec<Prediction>>,
    },
    /// No more tokens follow.
    WritingDone {
        /// The request that this answers.
        request: RequestId,
        /// All tokens of the run.
        tokens: Tokens,
        /// The most likely tokens after the last.
        top: Vec<Prediction>,
        /// The most likely tokens in the run that follows.
        follower_top: Vec<Prediction>,
    },
}

/// A token, or a classifier's label, with its probability in each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedToken {
    /// Row of the unembedding, or of the labels' matrix.
    pub id: u32,
    /// The token as the tokenizer writes it, or the label.
    pub token: String,
    /// Softmax over the vocabulary, one per run.
    pub probs: Vec<f32>,
}

/// The outcome in each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedOutcome {
    /// The answer and the other tokens, as the tokenizer names them; none for a label or a cosine.
    pub tokens: Option<(String, Vec<String>)>,
    /// The ids of the same tokens, the answer's first.
    pub ids: Vec<u32>,
    /// One per run.
    pub values: Vec<OutcomeNumbers>,
}

/// The outcome in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutcomeNumbers {
    /// logit(answer) − logit(other), the label's logit, or the cosine.
    pub value: f32,
    /// Probabilities of the answer and of the other tokens together, softmax over the vocabulary; none for a label or
    /// a cosine.
    pub probs: Option<[f32; 2]>,
}

/// One cell of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepNumbers {
    /// Row.
    pub layer: u32,
    /// Column: head or position.
    pub column: u32,
    /// What was done: applied to the same text, the edit gives the same outcome.
    pub edit: Edit,
    /// Nothing where the edit leaves a query without any key.
    pub outcome: Option<OutcomeNumbers>,
}

impl EditingRequest {
    /// The request's number.
    pub fn request(&self) -> RequestId {
        match self {
            EditingRequest::Again { request, .. }
            | EditingRequest::Compare { request, .. }
            | EditingRequest::Sweep { request, .. }
            | EditingRequest::Write { request, .. }
            | EditingRequest::Continue { request, .. } => *request,
        }
    }
}

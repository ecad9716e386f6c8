//! What the page and the worker say to each other.
//!
//! Plain values, encoded with postcard; large buffers travel beside a message as transferred `ArrayBuffer`s and are
//! named in the message by their shape. Nothing of the engine is in here, only trace, edit and sources types.
//!
//! Order of events: the worker says [`FromWorker::Ready`] once; each request carries a [`RequestId`] chosen by the page
//! and ends in exactly one of its answer, [`FromWorker::Cancelled`] or [`FromWorker::Failed`].

mod editing;
mod find;
mod input;
mod inside;
mod matters;
mod model_source;
mod neurons;
mod outcome_json;
mod quantity;
mod question;
mod report;
mod thumbnails;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::edit::Edit;
use crate::fields::{Field, Fields};
use crate::sources::Listing;
use crate::trace::file::Saved;
use crate::trace::{AttnKind, Spec, Tokens, Turn};

pub use editing::{
    ComparedOutcome, ComparedToken, EditingReply, EditingRequest, OutcomeAsked, OutcomeNumbers, OutcomeToken,
    SamplingAsked, SweepAsked, SweepNumbers,
};
pub use find::{Baseline, FindAsked, FindReply, FindRequest, FoundHead, FoundNumbers, RowRead};
pub use input::{Input, InputText, TargetAsked};
pub use inside::{
    DirectPart, DirectionOf, HeadPart, LensPart, NeuronPagePart, PathPart, StreamPart, TokenAsked, TokenRead, Writer,
    WrittenPart,
};
pub use matters::{
    EstimateAsked, EstimatedPart, EstimatesAnswer, FEED_WIDTH, FeedsAsked, KeptAsked, LINK_WIDTH, SaliencyAnswer,
};
pub use model_source::{FileSource, HubSource, ModelSource};
pub use neurons::{NeuronPart, NeuronsAnswer};
pub use quantity::Quantity;
pub use question::{Answer, Question};
pub use report::{About, Report};
pub use thumbnails::{Grid, HeadNumbers, Reduce, StrongLink};

/// Raised with every change of these types; page and worker refuse to talk across versions.
pub const VERSION: u32 = 19;

/// Chosen by the page, unique within a worker's life.
pub type RequestId = u32;
/// Chosen by the worker, unique within its life.
pub type RunId = u32;

/// A message of the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Load a model. A worker holds one model in its life: to change it, end the worker.
    Load {
        /// Answered by [`FromWorker::Loaded`].
        request: RequestId,
        /// The files.
        source: ModelSource,
        /// Only the first layers, of a model too large to be held whole.
        n_layers: Option<u32>,
    },
    /// List a repository of the Hugging Face Hub. Needs no model: the page asks a worker of its own for it, since what a
    /// worker fetches is not bound by the page's Content-Security-Policy.
    ListHub {
        /// Answered by [`FromWorker::HubListed`].
        request: RequestId,
        /// Where the Hub or its mirror is.
        base: String,
        /// `owner/name[@revision]`.
        repo: String,
    },
    /// Run the model on each input; runs are kept until forgotten.
    Run {
        /// Answered by [`FromWorker::RunsDone`].
        request: RequestId,
        /// What to read, one run each.
        inputs: Vec<Input>,
        /// The edits that act in all of them.
        edits: Vec<Edit>,
    },
    /// A question about a run.
    Ask {
        /// Answered by [`FromWorker::Answered`].
        request: RequestId,
        /// The run that this is about.
        run: RunId,
        /// The attention asked about; questions about words do not depend on it.
        kind: AttnKind,
        /// The question.
        question: Question,
    },
    /// The tokens of a text, without running it.
    Tokenize {
        /// Answered by [`FromWorker::Tokenized`].
        request: RequestId,
        /// What to read.
        input: Input,
    },
    /// A request about edits; answered by a [`FromWorker::Editing`].
    Editing(EditingRequest),
    /// A search over a set of texts; answered by a [`FromWorker::Find`].
    Find(FindRequest),
    /// Let a search rest, or go on with it.
    Pause {
        /// The search; another request is ignored.
        request: RequestId,
        /// Whether it rests.
        is_paused: bool,
    },
    /// Write a run as a trace file.
    Save {
        /// Answered by [`FromWorker::Saved`].
        request: RequestId,
        /// The run that this is about.
        run: RunId,
        /// What goes along.
        saved: Saved,
        /// F16 instead of F32.
        is_half: bool,
        /// The stream's table too.
        has_lens: bool,
        /// The metadata of the file: the JSON object that says what the numbers mean.
        metadata_json: String,
    },
    /// Free a run.
    Forget {
        /// The run that this is about.
        run: RunId,
    },
    /// Stop a request; a request that is no longer under way is ignored.
    Cancel {
        /// The request that this answers.
        request: RequestId,
    },
}

/// A message of the worker to the page.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The worker is ready; said once, before anything else.
    Ready {
        /// [`VERSION`] of the worker.
        version: u32,
        /// How many threads it runs on.
        threads: u32,
    },
    /// Progress of a request.
    Progress {
        /// The request.
        request: RequestId,
        /// The stage that the request is in.
        stage: Stage,
        /// Bytes or blocks done.
        done: u64,
        /// Bytes or blocks in all.
        total: u64,
    },
    /// The model is loaded.
    Loaded {
        /// The request that this answers.
        request: RequestId,
        /// The answer.
        model: ModelInfo,
    },
    /// The files of a repository.
    HubListed {
        /// The request that this answers.
        request: RequestId,
        /// The repository's files at one commit.
        listing: Listing,
    },
    /// The runs are complete, in the order of their inputs.
    RunsDone {
        /// The request that this answers.
        request: RequestId,
        /// One per input.
        runs: Vec<RunInfo>,
    },
    /// The answer to a question; its buffers travel beside the message.
    Answered {
        /// The request that this answers.
        request: RequestId,
        /// The run that this is about.
        run: RunId,
        /// The answer.
        answer: Answer,
    },
    /// The tokens of a text.
    Tokenized {
        /// The request that this answers.
        request: RequestId,
        /// What would be read, however long.
        tokens: Tokens,
        /// Of a conversation: which tokens are of which message.
        turns: Vec<Turn>,
    },
    /// The answer to a request about edits.
    Editing(EditingReply),
    /// What a search says.
    Find(FindReply),
    /// A trace file is written.
    Saved {
        /// The request that this answers.
        request: RequestId,
        /// Where the file can be had as long as the worker lives.
        url: String,
        /// The file's length in bytes.
        n_bytes: u64,
    },
    /// A request was stopped because the page asked for it.
    Cancelled {
        /// The request.
        request: RequestId,
    },
    /// A request failed; everything else is as before.
    Failed {
        /// The request.
        request: RequestId,
        /// The reason, and what to do.
        report: Report,
    },
}

/// What a request is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Bytes over the network.
    Download,
    /// Bytes of files that another tab of the browser fetches.
    OtherTab,
    /// Bytes from this browser's storage into the model.
    Read,
    /// Blocks of the model, all inputs together.
    Run,
    /// Tokens that a decoder writes, of at most so many.
    Write,
    /// Blocks of a sweep, all cells together.
    Sweep,
    /// Activations into a file.
    Save,
    /// Blocks of the model over the rows of a set.
    Find,
    /// Positions of a layer whose values have been zeroed, one after another.
    ValueZeroing,
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The model's name as asked for.
    pub name: String,
    /// "F32", "F16", "BF16", "Q8_0", "Q4_1", …: the format of most weights.
    pub quantisation: String,
    /// The model's structure.
    pub spec: Spec,
    /// Bytes of the weights as held.
    pub weight_bytes: u64,
    /// Size of the worker's memory after loading, which is also its peak.
    pub memory_bytes: u64,
    /// Whether the files came from this browser's storage.
    pub from_storage: bool,
    /// Sentences about a download that this browser could not keep.
    pub unkept: Option<String>,
    /// What was assumed or left out in reading its files, a sentence each.
    pub notes: Vec<String>,
    /// Whether it reads text; without a tokenizer it reads token ids.
    pub has_tokenizer: bool,
    /// Whether the tokenizer puts a BOS token in front; `None` where the model has none.
    pub adds_bos: Option<bool>,
    /// Whether it has a chat template.
    pub has_chat: bool,
}

/// A complete run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The run's name in later requests.
    pub run: RunId,
    /// What was read; by the encoder where there are two stacks.
    pub tokens: Tokens,
    /// What the decoder read, where there are two stacks.
    pub target: Option<TargetRead>,
    /// The text as read: both texts joined as the model saw them, a conversation as its template wrote it; empty for ids.
    pub text: String,
    /// Of a conversation: which tokens are of which message; empty for other inputs.
    pub turns: Vec<Turn>,
    /// How many tokens were cut off.
    pub n_cut: u32,
    /// Time of this run, without waiting.
    pub elapsed_ms: f64,
    /// The most likely next tokens after the last position; empty for models that predict none there.
    pub top: Vec<Prediction>,
    /// Size of the worker's memory afterwards.
    pub memory_bytes: u64,
}

/// What a decoder read, and what it predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetRead {
    /// What it read.
    pub tokens: Tokens,
    /// Whether the model wrote it.
    pub is_generated: bool,
    /// The most likely token after each of them.
    pub predicted: Vec<Prediction>,
}

/// A predicted token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// What the tokenizer's id_to_token says, in the run's token form.
    pub token: String,
    /// Row of the unembedding.
    pub id: u32,
    /// Softmax over the vocabulary.
    pub prob: f32,
}

impl Field for Prediction {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Self { token: fields.required("token")?, id: fields.required("id")?, prob: fields.required("prob")? })
    }
}

impl ToWorker {
    /// The request this is, where it has an answer.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            ToWorker::Load { request, .. }
            | ToWorker::ListHub { request, .. }
            | ToWorker::Run { request, .. }
            | ToWorker::Ask { request, .. }
            | ToWorker::Tokenize { request, .. }
            | ToWorker::Save { request, .. } => Some(*request),
            ToWorker::Editing(asked) => Some(asked.request()),
            ToWorker::Find(asked) => Some(asked.request()),
            ToWorker::Forget { .. } | ToWorker::Pause { .. } | ToWorker::Cancel { .. } => None,
        }
    }
}

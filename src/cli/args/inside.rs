//! The arguments of `lens`, `attribute` and `flow`, which look inside one run of a model of one stack or two.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::InputArgs;

/// A model and what its stack or both of its stacks read.
#[derive(Debug, Args)]
pub struct SubjectArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// A second text: the second sentence of a pair, or joined by one space where the model has no pairs.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "text", conflicts_with = "ids")]
    pub text_pair: Option<String>,
    /// What the decoder of an encoder-decoder model is to write; without it, the decoder writes greedily.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["text_pair", "decoder_ids"])]
    pub target: Option<String>,
    /// Token ids that the decoder of an encoder-decoder model reads, the start token first.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', conflicts_with = "text_pair")]
    pub decoder_ids: Option<Vec<u32>>,
}

/// Arguments of `headlight lens`.
#[derive(Debug, Args)]
pub struct LensArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// How many of the most likely tokens at each layer and position.
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub top: usize,
    /// A token whose probability, rank and logit are wanted everywhere, as text with its space, e.g. " Mary".
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub token: Option<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID", conflicts_with = "token")]
    pub token_id: Option<u32>,
    /// Print JSON instead of CSV.
    #[arg(long)]
    pub json: bool,
}

/// The outcome: a difference of logits, a label's logit, or a cosine.
#[derive(Debug, Args)]
pub struct ContrastArgs {
    /// A token whose logit counts, as text with its space, e.g. " Mary"; of several the mean. The most likely one if not given.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub answer: Vec<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID")]
    pub answer_id: Vec<u32>,
    /// A token whose logit is subtracted; of several the mean. The second most likely one if not given.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub other: Vec<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID")]
    pub other_id: Vec<u32>,
    /// A label of a classifier, whose logit counts instead of a token's; the likeliest one if the model gives labels and neither a
    /// label nor a token is named.
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true, conflicts_with_all = ["answer", "answer_id", "other", "other_id"])]
    pub label: Option<String>,
    /// The label whose logit is subtracted; none if not given.
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true, requires = "label")]
    pub against: Option<String>,
    /// The cosine of the text's embedding and this one's, each read on its own; edits act in both.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["answer", "answer_id", "other", "other_id", "label", "position", "text_pair"])]
    pub cosine_with: Option<String>,
    /// The same by its ids.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', conflicts_with_all = ["cosine_with", "answer", "answer_id", "other", "other_id", "label", "position", "text_pair"])]
    pub cosine_ids: Option<Vec<u32>>,
    /// After which token, or of which token where each has labels; the last, or the first of the text, if not given.
    #[arg(long, value_name = "INDEX")]
    pub position: Option<usize>,
}

/// Arguments of `headlight attribute`.
#[derive(Debug, Args)]
pub struct AttributeArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    #[command(flatten)]
    pub contrast: ContrastArgs,
    /// The outcome as a sum over what each component wrote into the stream.
    #[arg(long, conflicts_with = "estimate")]
    pub direct: bool,
    /// What each part does to the outcome when it is zeroed, patched or cut, estimated by gradients.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub estimate: Option<EstimateWhat>,
    /// The text whose activations patching takes; it has as many tokens.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "estimate", conflicts_with = "from_ids")]
    pub from: Option<String>,
    /// The same by its ids.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', requires = "estimate")]
    pub from_ids: Option<Vec<u32>>,
    /// Run the N heads of the largest estimates exactly, and N drawn from the rest.
    #[arg(long, value_name = "N", requires = "estimate")]
    pub verify: Option<usize>,
    /// Write the outcome's gradient by every hook there (safetensors).
    #[arg(long, value_name = "FILE")]
    pub save_gradients: Option<PathBuf>,
    /// Print JSON instead of CSV.
    #[arg(long)]
    pub json: bool,
}

/// What `headlight attribute` estimates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EstimateWhat {
    /// Each head zeroed.
    ZeroHeads,
    /// Each head's z taken from another text.
    PatchHeads,
    /// Each position of the stream and of what attention and MLPs add, zeroed or taken from another text.
    Positions,
    /// Each neuron of MLPs, queries, keys and values, zeroed or taken from another text.
    Neurons,
    /// Each link between two tokens cut.
    Edges,
    /// Each token of the input: gradient times embedding, its norm, integrated gradients.
    Tokens,
}

/// Arguments of `headlight flow`.
#[derive(Debug, Args)]
pub struct FlowArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// How content is followed from position to position.
    #[arg(long, value_enum)]
    pub kind: FlowKind,
    /// Write there (safetensors).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// How content is followed from position to position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FlowKind {
    /// Attention mixed with the identity and multiplied through the layers.
    Rollout,
    /// The change of each position in each layer when another one's value is zero.
    ValueZeroing,
}

impl FlowKind {
    /// As it is written on the command line and in the names of tensors.
    pub fn name(self) -> &'static str {
        match self {
            FlowKind::Rollout => "rollout",
            FlowKind::ValueZeroing => "value-zeroing",
        }
    }
}

//! The arguments, and usage errors in one line.

mod atlas;
mod find;
mod inside;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::edit::PatchSite;
use crate::trace::file::Saved;

pub use atlas::AtlasArgs;
pub use find::FindArgs;
pub use inside::{AttributeArgs, ContrastArgs, EstimateWhat, FlowArgs, FlowKind, LensArgs, SubjectArgs};

/// Attention inside transformer language models.
#[derive(Debug, Parser)]
#[command(name = "headlight", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a model on a text: prints its tokens and predictions, or writes its activations to a trace file.
    Trace(TraceArgs),
    /// Tries one edit after another (each head ablated, each key cut, each position patched) and prints what each does to the
    /// logit difference of two tokens, or to the logit of a classifier's label, as CSV.
    Sweep(SweepArgs),
    /// Continues a text.
    Generate(GenerateArgs),
    /// Prints what the model would predict if the stream ended at each layer.
    Lens(LensArgs),
    /// Prints what each component adds to the logit difference of tokens, or what its removal would do by gradients.
    Attribute(AttributeArgs),
    /// Writes how content moves from position to position, layer by layer.
    Flow(FlowArgs),
    /// Measures every head over a set of texts: mean, interval and p value corrected for the search, as CSV.
    Find(FindArgs),
    /// Measures every head over a corpus: all scores with intervals, and example texts, in one file.
    Atlas(AtlasArgs),
}

/// Which model, and how much of it.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// A folder with config.json, a tokenizer and safetensors weights, a GGUF file, or a repository of the Hugging Face Hub:
    /// owner/name or owner/name@revision, which is fetched once and kept.
    #[arg(long, value_name = "DIR|FILE.gguf|OWNER/NAME")]
    pub model: PathBuf,
    /// Which of several models in the folder, by quantisation (e.g. Q4_K_M) or "safetensors".
    #[arg(long, value_name = "NAME")]
    pub quantisation: Option<String>,
    /// Only the first N layers of a model that is too large for memory; it then predicts nothing.
    #[arg(long, value_name = "N")]
    pub layers: Option<usize>,
    /// Download more than 200 MB without asking.
    #[arg(long)]
    pub yes: bool,
    /// A mirror of the Hub; HF_ENDPOINT if not given, else https://huggingface.co.
    #[arg(long, value_name = "URL")]
    pub hub: Option<String>,
    /// Send HF_TOKEN to the mirror too; without it the token goes to https://huggingface.co only.
    #[arg(long)]
    pub send_token: bool,
}

/// A model and what it reads.
#[derive(Debug, Args)]
pub struct InputArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// What the model reads.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "ids")]
    pub text: Option<String>,
    /// Token ids to read as they are, instead of a text.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',')]
    pub ids: Option<Vec<u32>>,
    /// Edits that act throughout: a JSON list.
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
}

/// Arguments of `headlight sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// What is tried.
    #[arg(long, value_enum, default_value_t = SweepWhat::Zero)]
    pub what: SweepWhat,
    /// A text for --what mean, which replaces each head's z by its mean over these texts; may be given several times.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub reference: Vec<String>,
    /// The other text for --what patch, of equally many tokens, whose values replace this one's.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// What --what patch takes of the other text.
    #[arg(long, value_enum, default_value_t = SiteArg::Stream)]
    pub site: SiteArg,
    /// The token whose logit counts, as text with its space, e.g. " Mary"; the most likely one if not given.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub answer: Option<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID", conflicts_with = "answer")]
    pub answer_id: Option<u32>,
    /// A token whose logit is subtracted; of several the mean. The second most likely one if not given.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub other: Vec<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID")]
    pub other_id: Vec<u32>,
    /// A label of a classifier, whose logit counts instead of a token's; the likeliest one if the model gives labels and none is
    /// named.
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true, conflicts_with_all = ["answer", "answer_id", "other", "other_id"])]
    pub label: Option<String>,
    /// The label whose logit is subtracted; none if not given.
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true, requires = "label")]
    pub against: Option<String>,
    /// After which token, or of which token where each has labels; the last, or the first of the text, if not given.
    #[arg(long, value_name = "INDEX")]
    pub position: Option<usize>,
    /// Write there instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What a sweep tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SweepWhat {
    /// Each head's output set to zero.
    Zero,
    /// Each head's output set to its mean over the positions of this text.
    PositionMean,
    /// Each head's output set to its mean over the --reference texts.
    Mean,
    /// Each token hidden from all others, layer by layer.
    CutKeys,
    /// The --site of each layer taken from the --from text.
    Patch,
}

/// What a patching sweep takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SiteArg {
    /// The stream entering each layer, at each position.
    Stream,
    /// What attention adds, at each position.
    Attention,
    /// What the MLP adds, at each position.
    Mlp,
    /// Each head's output, at every position.
    Heads,
}

impl From<SiteArg> for PatchSite {
    fn from(site: SiteArg) -> Self {
        match site {
            SiteArg::Stream => Self::Stream,
            SiteArg::Attention => Self::Attention,
            SiteArg::Mlp => Self::Mlp,
            SiteArg::Heads => Self::Heads,
        }
    }
}

/// Arguments of `headlight generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub input: InputArgs,
    /// How many tokens at most.
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub tokens: usize,
    /// Divides the logits; 0 always takes the most likely token.
    #[arg(long, value_name = "T", default_value_t = 0.0, allow_hyphen_values = true)]
    pub temperature: f64,
    /// Draw from the K most likely tokens; 0 for all.
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub top_k: usize,
    /// Draw from the fewest most likely tokens that together reach this probability.
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_hyphen_values = true)]
    pub top_p: f64,
    /// Equal seeds draw equal tokens.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub seed: u64,
    /// Print text, tokens and ids as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `headlight trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// What the model reads.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present_any = ["ids", "chat"])]
    pub text: Option<String>,
    /// A conversation to read through the model's chat template: a JSON list of messages, each with a role and a content.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "ids", "text_pair", "target"])]
    pub chat: Option<PathBuf>,
    /// End the conversation where its last message ends, without the beginning of an answer.
    #[arg(long, requires = "chat", conflicts_with_all = ["text", "ids"])]
    pub no_generation_prompt: bool,
    /// A second text: the second sentence of a pair, or joined by one space where the model has no pairs.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "text", conflicts_with = "ids")]
    pub text_pair: Option<String>,
    /// What the decoder of an encoder-decoder model is to write; without it, the decoder writes greedily.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["text_pair", "decoder_ids"])]
    pub target: Option<String>,
    /// Token ids that the decoder of an encoder-decoder model reads, the start token first.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',', conflicts_with = "text_pair")]
    pub decoder_ids: Option<Vec<u32>>,
    /// How many tokens the decoder writes at most when it writes by itself; as the checkpoint says, and at most 255, if not given.
    #[arg(long, value_name = "N", conflicts_with_all = ["target", "decoder_ids", "text_pair"])]
    pub target_tokens: Option<usize>,
    /// Token ids to read as they are, instead of a text.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',')]
    pub ids: Option<Vec<u32>>,
    /// Edits that act during the run: a JSON list.
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
    /// What goes into the trace file.
    #[arg(long, value_enum, default_value_t = Save::Patterns)]
    pub save: Save,
    /// Only these layers are kept in memory and go into the trace file, e.g. 3,10-12: a large model's patterns take a gigabyte a layer.
    #[arg(long, value_name = "3,10-12", value_parser = layers)]
    pub only_layers: Option<Layers>,
    /// Write a trace file (safetensors).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the stream's table too: at every layer and position the five most likely tokens of the logit lens, entropy and KL.
    #[arg(long)]
    pub lens: bool,
    /// Write numbers as F16 instead of F32: half the size, three digits.
    #[arg(long)]
    pub half: bool,
    /// Print tokens, ids, the ten most likely next tokens and a classifier's labels as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Layers by number, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers(pub Vec<usize>);

/// Reads numbers and ranges, both ends included.
fn layers(text: &str) -> Result<Layers, String> {
    const MOST: usize = 4096;
    let mut layers = Vec::new();
    for part in text.split(',') {
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| *number < MOST);
        let ends = match part.split_once('-') {
            Some((first, last)) => number(first).zip(number(last)),
            None => number(part).map(|one| (one, one)),
        };
        match ends.filter(|(first, last)| first <= last) {
            Some((first, last)) => layers.extend(first..=last),
            None => return Err(format!("\"{part}\" is no layer and no range of layers such as 10-12")),
        }
    }
    Ok(Layers(layers))
}

/// What goes into a trace file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Save {
    /// Attention patterns.
    Patterns,
    /// Queries and keys, of which views make the patterns: smallest for long texts.
    Attention,
    /// Patterns, queries and keys: what the head view and the neuron view draw.
    Qk,
    /// Patterns, the stream entering each block, queries, keys and values.
    Qkv,
    /// Every activation, and predictions at all positions.
    All,
}

impl From<Save> for Saved {
    fn from(save: Save) -> Self {
        match save {
            Save::Patterns => Saved::Patterns,
            Save::Attention => Saved::Attention,
            Save::Qk => Saved::Qk,
            Save::Qkv => Saved::Qkv,
            Save::All => Saved::All,
        }
    }
}

/// Arguments, or what to print instead of running.
#[allow(clippy::large_enum_variant)]
pub enum Parsed {
    /// Run this.
    Run(Cli),
    /// Print this and succeed.
    Print(String),
}

/// Reads the arguments; an error is one line.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Parsed, String> {
    match Cli::try_parse_from(args) {
        Ok(cli) => Ok(Parsed::Run(cli)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Parsed::Print(error.render().to_string())),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
                Err("a command is missing: headlight trace --model DIR|FILE.gguf|OWNER/NAME --text TEXT (see headlight --help)"
                    .to_owned())
            }
            _ => Err(condensed(&error.render().to_string())),
        },
    }
}

/// The first paragraph of clap's message, which says what is wrong, as one line without its "error: ".
fn condensed(message: &str) -> String {
    let lines = message.lines().map(str::trim).take_while(|line| !line.is_empty());
    let line = lines.collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    let hint = std::env::args()
        .nth(1)
        .filter(|name| ["sweep", "generate", "lens", "attribute", "flow", "find", "atlas"].contains(&name.as_str()));
    format!("{line} (see headlight {} --help)", hint.as_deref().unwrap_or("trace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(args: &str) -> String {
        let args = ["headlight"].into_iter().chain(args.split_whitespace()).map(OsString::from);
        match parse(args) {
            Err(error) => error,
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn usage_errors_are_one_line() {
        for (args, expected) in [
            ("", "a command is missing"),
            ("dance", "unrecognized subcommand 'dance'"),
            (
                "trace",
                "the following required arguments were not provided: --model <DIR|FILE.gguf|OWNER/NAME> --text <TEXT>",
            ),
            ("trace --model m", "the following required arguments were not provided: --text <TEXT>"),
            ("trace --model m --text t --colour red", "unexpected argument '--colour' found"),
            ("trace --model m --text t --save everything", "invalid value 'everything' for '--save <SAVE>'"),
            (
                "trace --model m --text t --only-layers 3,7-5",
                "\"7-5\" is no layer and no range of layers such as 10-12",
            ),
            ("trace --model m --text t --only-layers x", "\"x\" is no layer"),
            ("trace --model m --ids 1,x", "invalid value 'x' for '--ids <1,2,3>'"),
            ("trace --model m --text t --text-pair p --target q", "cannot be used with"),
            ("trace --model m --ids 1 --text-pair p", "cannot be used with"),
            ("trace --model m --chat c --text t", "cannot be used with"),
            ("trace --model m --text t --no-generation-prompt", "cannot be used with"),
            ("trace --model", "a value is required for '--model <DIR|FILE.gguf|OWNER/NAME>'"),
        ] {
            let message = error(args);
            assert!(message.contains(expected) && !message.contains('\n'), "{args}: {message}");
        }
    }

    #[test]
    fn layers_are_numbers_and_ranges() {
        assert_eq!(layers("3"), Ok(Layers(vec![3])));
        assert_eq!(layers("3, 10-12,0"), Ok(Layers(vec![3, 10, 11, 12, 0])));
        assert!(layers("").is_err() && layers("1-").is_err() && layers("0-99999999999").is_err());
    }

    #[test]
    fn text_may_look_like_an_option() {
        let args = ["headlight", "trace", "--model", "m", "--text", "--loud"].map(OsString::from);
        match parse(args.into_iter()) {
            Ok(Parsed::Run(Cli { command: Command::Trace(args) })) => assert_eq!(args.text.as_deref(), Some("--loud")),
            _ => panic!("refused"),
        }
    }
}

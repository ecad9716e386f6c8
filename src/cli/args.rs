//! The arguments, and usage errors in one line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Runs a model on a text: prints its tokens and predictions, or writes what was inside as a trace file.
    Trace(TraceArgs),
}

/// Arguments of `headlight trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// A folder with config.json, tokenizer.json and safetensors weights, or a GGUF file.
    #[arg(long, value_name = "DIR|FILE.gguf")]
    pub model: PathBuf,
    /// What the model reads.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "ids")]
    pub text: Option<String>,
    /// A second text: the second sentence of a pair, or joined by one space where the model has no pairs.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, requires = "text", conflicts_with = "ids")]
    pub text_pair: Option<String>,
    /// What the decoder of an encoder-decoder model reads.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "text_pair")]
    pub target: Option<String>,
    /// Token ids to read as they are, instead of a text.
    #[arg(long, value_name = "1,2,3", value_delimiter = ',')]
    pub ids: Option<Vec<u32>>,
    /// Edits that act during the run: a JSON list.
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
    /// What goes into the trace file.
    #[arg(long, value_enum, default_value_t = Save::Patterns)]
    pub save: Save,
    /// Write a trace file (safetensors).
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print tokens, ids and the ten most likely next tokens as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What goes into a trace file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Save {
    /// Attention patterns.
    Patterns,
    /// Patterns, the stream entering each block, queries, keys and values.
    Qkv,
    /// Every activation, and predictions at all positions.
    All,
}

/// Arguments, or what to print instead of running.
#[allow(clippy::large_enum_variant)]
pub enum Parsed {
    /// Run this.
    Run(Cli),
    /// Print this and be content.
    Print(String),
}

/// Reads the arguments; an error is one line.
pub fn parse(args: impl Iterator<Item = OsString>) -> Result<Parsed, String> {
    match Cli::try_parse_from(args) {
        Ok(cli) => Ok(Parsed::Run(cli)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Parsed::Print(error.render().to_string())),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
                Err("a command is missing: headlight trace --model DIR|FILE.gguf --text TEXT (see headlight --help)"
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
    format!("{line} (see headlight trace --help)")
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
            ("trace", "the following required arguments were not provided: --model <DIR|FILE.gguf> --text <TEXT>"),
            ("trace --model m", "the following required arguments were not provided: --text <TEXT>"),
            ("trace --model m --text t --colour red", "unexpected argument '--colour' found"),
            ("trace --model m --text t --save everything", "invalid value 'everything' for '--save <SAVE>'"),
            ("trace --model m --ids 1,x", "invalid value 'x' for '--ids <1,2,3>'"),
            ("trace --model m --text t --text-pair p --target q", "cannot be used with"),
            ("trace --model m --ids 1 --text-pair p", "cannot be used with"),
            ("trace --model", "a value is required for '--model <DIR|FILE.gguf>'"),
        ] {
            let message = error(args);
            assert!(message.contains(expected) && !message.contains('\n'), "{args}: {message}");
        }
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

//! The command line: the same engine, natively, for figures made by scripts, large inputs and parity checks.
//!
//! Contract: every failure, wrong arguments included, is one line on standard error and exit code 1; standard output has only
//! what was asked for.

mod args;
mod atlas;
mod attribute;
mod estimate;
mod find;
mod flow;
mod generate;
mod gradients;
#[cfg(feature = "hub")]
mod hub;
mod labels;
mod lens;
mod outfile;
mod patches;
mod report;
mod saliency;
mod source;
mod subject;
mod sweep;
mod trace;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use args::{Command, Parsed};

use crate::edit::InvalidEdit;
use crate::engine::{EngineError, RecordError};
use crate::trace::file::TraceError;
use crate::trace::shorten::shortened;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Wrong arguments.
    #[error("{0}")]
    Usage(String),
    /// A file that cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The path does not lead to a checkpoint.
    #[error("{}: expected a folder with config.json, a tokenizer and *.safetensors, a .gguf file, or owner/name of the Hub", path.display())]
    NoModel {
        /// The path.
        path: PathBuf,
    },
    /// The files of the folder do not make a checkpoint.
    #[error("{}: {message}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is missing, and what to do.
        message: String,
    },
    /// A name that is neither a path nor a repository that the Hub gives.
    #[error(transparent)]
    Hub(#[from] crate::sources::SourceError),
    /// A model or an input that the engine refuses.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The file is not a list of edits.
    #[error("{}: {error}", path.display())]
    Edits {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: InvalidEdit,
    },
    /// A trace that cannot be written.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Standard output is closed.
    #[error("standard output: {0}")]
    Output(std::io::Error),
}

impl From<RecordError> for CliError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Engine(error) => CliError::Engine(error),
            RecordError::Trace(error) => CliError::Trace(error),
        }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // A panic is a failure like others: one line, exit code 1.
    std::panic::set_hook(Box::new(|panic| complain(&format!("internal error: {panic}"))));
    match std::panic::catch_unwind(run) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn run() -> Result<(), CliError> {
    match args::parse(std::env::args_os()).map_err(CliError::Usage)? {
        Parsed::Print(text) => std::io::stdout().write_all(text.as_bytes()).map_err(CliError::Output),
        Parsed::Run(cli) => match cli.command {
            Command::Trace(args) => trace::run(&args),
            Command::Sweep(args) => sweep::run(&args),
            Command::Generate(args) => generate::run(&args),
            Command::Lens(args) => lens::run(&args),
            Command::Attribute(args) => attribute::run(&args),
            Command::Flow(args) => flow::run(&args),
            Command::Find(args) => find::run(&args),
            Command::Atlas(args) => atlas::run(&args),
        },
    }
}

/// Writes a note beside the output; where standard error is closed, nobody is there to read it.
fn note(message: &str) {
    let _ = writeln!(std::io::stderr(), "note: {message}");
}

/// Writes one line to standard error; when that is closed, there is nobody to tell.
fn complain(message: &str) {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(std::io::stderr(), "headlight: {}", shortened(&line));
}

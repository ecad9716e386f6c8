//! `headlight trace`.

use super::CliError;
use super::args::TraceArgs;
use super::source::Source;

/// Runs the command.
pub(super) fn run(args: &TraceArgs) -> Result<(), CliError> {
    let source = Source::open(&args.model)?;
    let _ = (source.list(), source.bytes(&source.name, 0, 0));
    Err(CliError::Usage("there is no engine yet".to_owned()))
}

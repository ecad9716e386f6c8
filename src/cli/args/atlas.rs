//! The arguments of `atlas`, which measures the heads of a model over a corpus.

use std::path::PathBuf;

use clap::Args;

use super::ModelArgs;

/// Arguments of `headlight atlas`.
#[derive(Debug, Args)]
pub struct AtlasArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Texts: plain text with one a line, CSV, TSV, JSON or JSON Lines; or a made set, made:NAME or made:NAME:ROWS.
    #[arg(long, value_name = "FILE|made:NAME")]
    pub corpus: String,
    /// The column that holds the texts; recognised if not given.
    #[arg(long, value_name = "NAME")]
    pub column: Option<String>,
    /// How many texts at most; all if not given.
    #[arg(long, value_name = "N")]
    pub texts: Option<usize>,
    /// Tokens at which texts are cut.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub tokens: usize,
    /// Edits that act throughout: a JSON list.
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
    /// Equal seeds draw equal resamples and examples.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub seed: u64,
    /// Write the atlas there (safetensors).
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Print the scores as CSV too.
    #[arg(long)]
    pub csv: bool,
}

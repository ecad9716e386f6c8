//! The arguments of `find`, which searches the heads of a model with a set of texts.

use std::path::PathBuf;

use clap::Args;

use super::ModelArgs;

/// Arguments of `headlight find`.
#[derive(Debug, Args)]
pub struct FindArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// A set of texts (JSON Lines, JSON, CSV, TSV or plain text), or one that is made: made:NAME or made:NAME:ROWS.
    #[arg(long, value_name = "FILE|made:NAME")]
    pub set: String,
    /// What is measured of each head: a score (previous, entropy, between_ab, …), weight:MARK:MARK between two marked words,
    /// words:WORD:WORD from one word to another, pattern:PATTERN between the parts of a pattern as in "the [nurse] … (she|he)", effect (M_edited − M when the head is replaced by its mean over the set), estimate (the effect by gradients), or auc: and one
    /// of these, which says how well the head tells two labels apart.
    #[arg(long, value_name = "MEASURE")]
    pub measure: String,
    /// Edits that act throughout: a JSON list.
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
    /// A token whose logit counts in rows without an answer, as text with its space, e.g. " she"; of several the mean.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub answer: Vec<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID")]
    pub answer_id: Vec<u32>,
    /// A token whose logit is subtracted in rows without other answers; of several the mean.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    pub other: Vec<String>,
    /// The same by its id.
    #[arg(long, value_name = "ID")]
    pub other_id: Vec<u32>,
    /// The label that auc: tells from the others; the larger one of two if not given.
    #[arg(long, value_name = "LABEL", allow_hyphen_values = true)]
    pub positive: Option<String>,
    /// Permutations behind each p value.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub permutations: usize,
    /// Equal seeds draw equal resamples, permutations and made sets.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub seed: u64,
    /// Print the number of this head on each row, the largest first, instead of every head: L2H3.
    #[arg(long, value_name = "HEAD")]
    pub rows: Option<String>,
    /// Write there instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

//! Searches over the heads of a model with a set of texts. A search runs when nothing else is asked for.

use serde::{Deserialize, Serialize};

use super::RequestId;
use crate::edit::Edit;
use crate::trace::Tokens;

/// A request of the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FindRequest {
    /// Measure every head on each row. Says [`FindReply::Aligned`] first, then a [`FindReply::Row`] for each row; answered by
    /// [`FindReply::Done`].
    Search {
        /// The request's number.
        request: RequestId,
        /// The set and what is measured.
        asked: FindAsked,
        /// Tokenise and align the rows, and run nothing: answered by [`FindReply::Aligned`].
        aligns_only: bool,
    },
    /// Run every row under every list of edits. Says [`FindReply::Begun`] first, then a [`FindReply::Trial`] for each; answered by
    /// [`FindReply::AllRun`].
    Trials {
        /// The request's number.
        request: RequestId,
        /// The rows as JSON Lines: with an answer for its outcome, without one for the likelihood of its tokens.
        lines: String,
        /// Lists of edits, each of which acts throughout.
        variants: Vec<Vec<Edit>>,
    },
    /// Measure all scores of every head on each row, a text. Says [`FindReply::Begun`] first, then a [`FindReply::AtlasText`] for each;
    /// answered by [`FindReply::AllRun`].
    Atlas {
        /// The request's number.
        request: RequestId,
        /// The rows as JSON Lines.
        lines: String,
        /// Tokens at which texts are cut.
        n_tokens: u32,
        /// Edits that act throughout.
        edits: Vec<Edit>,
    },
    /// Pattern, queries and keys of one head on each row. Answered by [`FindReply::Texts`].
    Texts {
        /// The request's number.
        request: RequestId,
        /// The rows as JSON Lines.
        lines: String,
        /// Edits that act throughout.
        edits: Vec<Edit>,
        /// The head's layer.
        layer: u32,
        /// The head.
        head: u32,
    },
}

/// What is searched for, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindAsked {
    /// The rows as JSON Lines.
    pub lines: String,
    /// What is measured of each head, as on the command line: "weight:pronoun:occ_f-occ_m", "auc:between_ab".
    pub measure: String,
    /// Edits that act throughout.
    pub edits: Vec<Edit>,
    /// Tokens, as text, whose mean logit counts in rows without an answer.
    pub answers: Vec<String>,
    /// Tokens, as text, whose mean logit is subtracted in rows without other answers.
    pub others: Vec<String>,
    /// The label that counts as positive; the larger one of two if not given.
    pub positive: Option<String>,
    /// Permutations behind each p value.
    pub n_permutations: u32,
    /// Equal seeds draw equal resamples and permutations.
    pub seed: u64,
    /// Numbers [n_layers, n_heads] of rows, by their index, that are measured already.
    pub known: Vec<(u32, Vec<f32>)>,
}

/// What the worker says of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FindReply {
    /// How the rows are read.
    Aligned {
        /// The request.
        request: RequestId,
        /// The rows that fit, by their index in the set.
        rows: Vec<RowRead>,
        /// The other rows by their index, and why they do not fit.
        refused: Vec<(u32, String)>,
        /// What is done with rows that fit in part, a sentence each.
        notes: Vec<String>,
    },
    /// A row is measured. Buffer: f32 [n_layers, n_heads], NaN where there is nothing to measure.
    Row {
        /// The request.
        request: RequestId,
        /// Its index in the set.
        row: u32,
    },
    /// Every row is measured.
    Done {
        /// The request that this answers.
        request: RequestId,
        /// What was found.
        found: FoundNumbers,
    },
    /// Which rows of [`FindRequest::Trials`] or [`FindRequest::Atlas`] do not fit, by their index, and why.
    Begun {
        /// The request.
        request: RequestId,
        /// The rows.
        refused: Vec<(u32, String)>,
    },
    /// A row under a list of edits. Buffer: f32 [4], the outcome, how many tokens and how many other answers are likelier than the answer,
    /// and the mean −ln p of the tokens; NaN for what the row does not have.
    Trial {
        /// The request.
        request: RequestId,
        /// Which list of edits.
        variant: u32,
        /// The row's index in the set.
        row: u32,
    },
    /// A text of an atlas, in the order of the rows. Buffers: f32 [2, n_layers, n_heads, n_scores], the scores of all heads, and
    /// [n_layers, n_heads, 2], query and key of the strongest link of each.
    AtlasText {
        /// The request.
        request: RequestId,
        /// The number of what it shares with other texts.
        cluster: u32,
        /// What was read.
        tokens: Tokens,
    },
    /// Every row was run.
    AllRun {
        /// The request that this answers.
        request: RequestId,
    },
    /// What a head did on each row. Buffers, three for each: pattern [query_pos, key_pos], queries and keys as they enter the product
    /// [pos, d_head].
    Texts {
        /// The request that this answers.
        request: RequestId,
        /// Positions of each row.
        lengths: Vec<u32>,
        /// What q·k is multiplied by.
        scale: f32,
    },
}

/// A row that fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowRead {
    /// Its index in the set.
    pub row: u32,
    /// How many tokens it has.
    pub n_tokens: u32,
    /// Its tokens as the tokenizer writes them; of the first rows alone.
    pub tokens: Vec<String>,
    /// Positions of the marked words that are looked at.
    pub marks: Vec<(String, Vec<u32>)>,
    /// The tokens of its answers and of its other answers, and the position after which they count.
    pub outcome: Option<(Vec<String>, Vec<String>, u32)>,
    /// Whether it has the positive label, where labels are told apart.
    pub is_positive: Option<bool>,
}

/// The answer of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundNumbers {
    /// [n_layers, n_heads]
    pub heads: Vec<FoundHead>,
    /// Heads of a layer.
    pub n_heads: u32,
    /// How many rows, or pairs of rows, were measured.
    pub n_units: u32,
    /// Clusters, for each of the ways in which rows share something.
    pub n_clusters: Vec<u32>,
    /// The smallest p value that so few clusters allow.
    pub least_p: f64,
    /// Areas that need no model.
    pub baselines: Vec<Baseline>,
}

/// An area under the curve that needs no model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// What the labels are told apart by.
    pub name: String,
    /// The area.
    pub value: f64,
    /// The bounds of its 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// What is said of one head.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundHead {
    /// Rows or pairs with a value.
    pub n: u32,
    /// Mean, or area under the curve; NaN without any row.
    pub value: f64,
    /// The bounds of its 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// The statistic of the test, its p value, and that corrected for the search; `None` where there is nothing to test.
    pub p: Option<[f64; 3]>,
}

impl FindRequest {
    /// The request's number.
    pub fn request(&self) -> RequestId {
        match self {
            FindRequest::Search { request, .. }
            | FindRequest::Trials { request, .. }
            | FindRequest::Atlas { request, .. }
            | FindRequest::Texts { request, .. } => *request,
        }
    }
}

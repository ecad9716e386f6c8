//! `headlight atlas`: scores of every head over a corpus, with example texts, as one file.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::AtlasArgs;
use super::find::{named, read_set};
use super::outfile::OutFile;
use super::report::print;
use super::source::Source;
use super::trace::{input_paths, load, read_edits};
use super::{CliError, note};
use crate::analysis::atlas::{AtlasMetadata, FORMAT, scores_csv, to_bytes};
use crate::edit::Edit;
use crate::engine::jobs::{AtlasJob, AtlasText, complete};
use crate::engine::{Model, rows};
use crate::sets::{self, Columns, Row};
use crate::trace::Tokens;

/// Runs the command.
pub(super) fn run(args: &AtlasArgs) -> Result<(), CliError> {
    if args.tokens < 2 {
        return Err(CliError::Usage(format!("--tokens {}: a text needs at least two tokens", args.tokens)));
    }
    let edits = args.edits.as_deref().map_or(Ok(Vec::new()), read_edits)?;
    let columns = args.column.as_ref().map_or_else(Columns::default, Columns::of_text);
    let mut corpus = read_set(&args.corpus, args.seed, &columns)?;
    corpus.truncate(args.texts.unwrap_or(usize::MAX));
    let mut source = Source::open(&args.model)?;
    let mut inputs = input_paths(&source, &edits, args.edits.as_deref());
    inputs.push(PathBuf::from(&args.corpus));
    let out = OutFile::create(&args.out, &inputs)?;
    let model = Arc::new(load(&mut source, &args.model)?);
    let texts = texts(&model, &corpus, args.tokens);
    let token_form = texts.first().map(|text| text.tokens.form).unwrap_or_default();
    let atlas = complete(AtlasJob::new(Arc::clone(&model), texts, edits.clone(), args.seed)?)?;
    let metadata = AtlasMetadata {
        format: FORMAT,
        model: source.name.clone(),
        revision: source.revision.clone(),
        quantisation: model.quantisation().to_owned(),
        edits: edits.iter().map(Edit::to_json).collect(),
        corpus: args.corpus.clone(),
        corpus_hash: sets::hash(&corpus),
        n_texts: atlas.n_texts(),
        n_tokens: args.tokens,
        scores: atlas.score_ids(),
        seed: args.seed,
        token_form,
        tokens: atlas.token_ids().into_iter().map(|id| (id, model.token_name(id))).collect(),
    };
    let bytes =
        to_bytes(&atlas, &metadata).map_err(|error| CliError::Usage(format!("{}: {error}", args.out.display())))?;
    out.writer()?.write_all(&bytes).map_err(|error| CliError::File { path: args.out.clone(), error })?;
    out.keep()?;
    let csv = || scores_csv(atlas.shape().1, &metadata.scores, &atlas.summaries());
    if args.csv { print(&csv()) } else { Ok(()) }
}

/// The texts that the model can read, cut to one length; notes say which are left out and how many are shorter.
fn texts(model: &Model, corpus: &[Row], n_tokens: usize) -> Vec<AtlasText> {
    let rows: Vec<&Row> = corpus.iter().collect();
    let clusters = rows::clusters(&rows);
    let (mut texts, mut refused, mut n_short) = (Vec::new(), Vec::new(), 0);
    for (index, row) in corpus.iter().enumerate() {
        let tokens = model.encode(&row.text, row.text_pair.as_deref()).map(|tokens| cut(tokens, n_tokens));
        match tokens.and_then(|tokens| model.check(&tokens).map(|()| tokens)) {
            Ok(tokens) => {
                n_short += usize::from(tokens.len() < n_tokens);
                texts.push(AtlasText { tokens, cluster: clusters[0].of_rows()[index] as u64 });
            }
            Err(error) => refused.push((index + 1, error.to_string())),
        }
    }
    named("row", refused.iter().map(|(number, reason)| (*number, reason.as_str())));
    if n_short > 0 {
        let n = texts.len();
        note(&format!(
            "{n_short} of {n} texts are shorter than {n_tokens} tokens: compare scores that depend on length by their ratios"
        ));
    }
    texts
}

/// The first tokens of a text; a token that the tokenizer adds at the end stays there.
fn cut(tokens: Tokens, n_tokens: usize) -> Tokens {
    if tokens.len() <= n_tokens {
        return tokens;
    }
    let last = tokens.len() - 1;
    let is_added = tokens.special.get(last) == Some(&true);
    let mut short = tokens.clone();
    short.truncate(n_tokens - usize::from(is_added));
    if is_added {
        short.push(&tokens, last);
    }
    short.segments.retain(|start| *start < n_tokens);
    short
}

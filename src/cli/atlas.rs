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
use crate::analysis::atlas::{Atlas, AtlasMetadata, FORMAT, scores_csv, to_bytes};
use crate::edit::Edit;
use crate::engine::Model;
use crate::engine::jobs::{AtlasJob, AtlasText, complete_with};
use crate::sets::{self, Columns, Row};

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
    let mut atlas = Atlas::new(model.spec().n_layers, model.spec().n_heads, args.seed);
    let job = AtlasJob::new(Arc::clone(&model), texts, edits.clone())?;
    complete_with(job, |part| atlas.add(&part.text.tokens.ids, part.text.cluster, &part.table, &part.links))?;
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
    let (texts, refused) = AtlasText::of_rows(model, corpus, n_tokens);
    named("row", refused.iter().map(|row| (row.index + 1, row.reason.as_str())));
    let n_short = texts.iter().filter(|text| text.tokens.len() < n_tokens).count();
    if n_short > 0 {
        let n = texts.len();
        note(&format!(
            "{n_short} of {n} texts are shorter than {n_tokens} tokens: compare scores that depend on length by their ratios"
        ));
    }
    texts
}

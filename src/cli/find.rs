//! `headlight find`: every head of a model measured over a set of texts, as CSV.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::FindArgs;
use super::outfile::OutFile;
use super::report::print;
use super::source::Source;
use super::subject::first_token;
use super::trace::{input_paths, load, read_edits};
use super::{CliError, note};
use crate::analysis::statistics::{Estimate, heads_csv, six_places as number};
use crate::engine::jobs::{FindJob, FindMeasure, FindOptions, Found, complete};
use crate::engine::{EngineError, Model};
use crate::sets::made::Made;
use crate::sets::{self, Columns, Row};

/// Rows of a made set where no number is given.
const MADE_ROWS: usize = 200;
/// Rows that do not fit are named one by one up to this many.
const MAX_NAMED: usize = 5;

/// Runs the command.
pub(super) fn run(args: &FindArgs) -> Result<(), CliError> {
    let measure: FindMeasure = args.measure.parse().map_err(|error| CliError::Usage(format!("--measure {error}")))?;
    let edits = args.edits.as_deref().map_or(Ok(Vec::new()), read_edits)?;
    let set = read_set(&args.set, args.seed, &Columns::default())?;
    let mut source = Source::open(&args.model)?;
    let mut inputs = input_paths(&source, &edits, args.edits.as_deref());
    inputs.push(PathBuf::from(&args.set));
    let mut out = args.out.as_deref().map(|out| OutFile::create(out, &inputs)).transpose()?;
    let model = Arc::new(load(&mut source, &args.model)?);
    let options = FindOptions {
        n_permutations: args.permutations,
        seed: args.seed,
        positive: args.positive.clone(),
        answers: (ids(&model, &args.answer, &args.answer_id)?, ids(&model, &args.other, &args.other_id)?),
        ..FindOptions::default()
    };
    let job = FindJob::new(model, Arc::new(set), edits, measure, options)?;
    named("row", job.refused().iter().map(|refused| (refused.index + 1, refused.reason.as_str())));
    job.notes().iter().for_each(|sentence| note(sentence));
    let found = complete(job)?;
    remarks(&found).iter().for_each(|sentence| note(sentence));
    let csv = heads_csv(&found.heads, found.n_heads);
    match &mut out {
        None => print(&csv)?,
        Some(out) => out.writer()?.write_all(csv.as_bytes()).map_err(CliError::Output)?,
    }
    out.map_or(Ok(()), OutFile::keep)
}

/// The rows of a file, or of a made set; notes say what was left out of it.
pub(super) fn read_set(name: &str, seed: u64, columns: &Columns) -> Result<Vec<Row>, CliError> {
    if let Some(made) = name.strip_prefix("made:") {
        return made_set(made, seed);
    }
    let path = Path::new(name);
    let bytes = std::fs::read(path).map_err(|error| CliError::File { path: path.to_owned(), error })?;
    let about = |error| CliError::Usage(format!("{name}: {error}"));
    let set = sets::read(name, &bytes, columns).map_err(about)?;
    set.notes.iter().for_each(|sentence| note(sentence));
    named("line", set.refused.iter().map(|refused| (refused.line, refused.reason.as_str())));
    Ok(set.rows)
}

fn made_set(made: &str, seed: u64) -> Result<Vec<Row>, CliError> {
    let (name, n_rows) = made.split_once(':').map_or((made, None), |(name, n_rows)| (name, Some(n_rows)));
    let found = Made::ALL.into_iter().find(|made| made.name() == name).ok_or_else(|| {
        let names: Vec<&str> = Made::ALL.iter().map(|made| made.name()).collect();
        CliError::Usage(format!("made:{name} is not there: there is {}", names.join(", ")))
    })?;
    let n_rows = match n_rows {
        None => MADE_ROWS,
        Some(text) => match text.parse() {
            Ok(n_rows) if (1..=sets::MAX_ROWS).contains(&n_rows) => n_rows,
            _ => {
                let message = format!("made:{name}:{text}: expected a number of rows from 1 to {}", sets::MAX_ROWS);
                return Err(CliError::Usage(message));
            }
        },
    };
    Ok(found.rows(n_rows, seed))
}

/// Names what does not fit, the first ones by number and reason.
pub(super) fn named<'a>(what: &str, refused: impl ExactSizeIterator<Item = (usize, &'a str)>) {
    let n_refused = refused.len();
    for (number, reason) in refused.take(MAX_NAMED) {
        note(&format!("{what} {number} is left out: {reason}"));
    }
    if n_refused > MAX_NAMED {
        note(&format!("{} more are left out", n_refused - MAX_NAMED));
    }
}

/// The tokens of an outcome, by text and by id.
fn ids(model: &Model, texts: &[String], ids: &[u32]) -> Result<Vec<u32>, EngineError> {
    let named = texts.iter().map(|text| first_token(model, text));
    let mut found = named.collect::<Result<Vec<u32>, EngineError>>()?;
    let d_vocab = model.spec().d_vocab;
    if let Some(id) = ids.iter().find(|id| **id as usize >= d_vocab) {
        return Err(EngineError::Request(format!("token {id} is not in the vocabulary of {d_vocab}")));
    }
    found.extend(ids);
    Ok(found)
}

/// What qualifies the numbers.
fn remarks(found: &Found) -> Vec<String> {
    let mut remarks = Vec::new();
    if found.n_clusters.iter().any(|n| *n < found.n_units) {
        let clusters: Vec<String> = found.n_clusters.iter().map(usize::to_string).collect();
        remarks.push(format!("{} rows or pairs in {} clusters", found.n_units, clusters.join(" × ")));
    }
    if found.least_p > 0.001 {
        remarks.push(format!("so few clusters allow no p below {}", number(found.least_p)));
    }
    for (name, Estimate { value, interval, .. }) in &found.baselines {
        let interval = interval.map_or(String::new(), |(low, high)| format!(" ({} to {})", number(low), number(high)));
        remarks.push(format!("{name} alone: AUC {}{interval}", number(*value)));
    }
    remarks
}

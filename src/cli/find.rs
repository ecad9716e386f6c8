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
use crate::analysis::scores::Score;
use crate::analysis::statistics::{Estimate, heads_csv, six_places as number};
use crate::engine::jobs::{FindJob, FindMeasure, FindOptions, FindPart, Found, complete_with};
use crate::engine::{EngineError, Model};
use crate::sets::made::Made;
use crate::sets::{self, Columns, Linked, READ, READING, Row};

/// Rows of a made set where no number is given.
const MADE_ROWS: usize = 200;
/// Rows that do not fit are named one by one up to this many.
const MAX_NAMED: usize = 5;

/// Runs the command.
pub(super) fn run(args: &FindArgs) -> Result<(), CliError> {
    let (measure, linked) = measure(&args.measure).map_err(|error| CliError::Usage(format!("--measure {error}")))?;
    let head = args.rows.as_deref().map(head).transpose()?;
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
    let (set, numbers) = match &linked {
        None => (set, None),
        Some(linked) => linked_rows(linked, &set, model.spec().is_causal())?,
    };
    let number = |index: usize| numbers.as_ref().map_or(index, |numbers| numbers[index]) + 1;
    if let Some((layer, head)) = head {
        let (n_layers, n_heads) = (model.spec().n_layers, model.spec().n_heads);
        if layer >= n_layers || head >= n_heads {
            let message = format!("--rows L{layer}H{head}: the model has {n_layers} layers of {n_heads} heads");
            return Err(CliError::Usage(message));
        }
    }
    let job = FindJob::new(model, Arc::new(set), edits, measure, options)?;
    named("row", job.refused().iter().map(|refused| (number(refused.index), refused.reason.as_str())));
    job.notes().iter().for_each(|sentence| note(sentence));
    let mut parts = Vec::new();
    let found = complete_with(job, |part| parts.push(part))?;
    remarks(&found).iter().for_each(|sentence| note(sentence));
    let csv = match head {
        None => heads_csv(&found.heads, found.n_heads),
        Some((layer, head)) => {
            let of_head = |part: &FindPart| (number(part.row), part.values[layer * found.n_heads + head]);
            rows_csv(parts.iter().map(of_head).collect())
        }
    };
    match &mut out {
        None => print(&csv)?,
        Some(out) => out.writer()?.write_all(csv.as_bytes()).map_err(CliError::Output)?,
    }
    out.map_or(Ok(()), OutFile::keep)
}

/// What is measured, and the words or the pattern whose places are marked for it.
fn measure(text: &str) -> Result<(FindMeasure, Option<Linked>), String> {
    let (area, feature) = text.strip_prefix("auc:").map_or(("", text), |feature| ("auc:", feature));
    let about = |error: String| format!("{text}: {error}");
    let linked = if let Some(words) = feature.strip_prefix("words:") {
        let (reading, read) = words.split_once(':').ok_or_else(|| about("expected words:WORD:WORD".to_owned()))?;
        Linked::of_words(reading, read).map_err(about)?
    } else if let Some(pattern) = feature.strip_prefix("pattern:") {
        Linked::of_pattern(pattern).map_err(about)?
    } else {
        let there_are = |error: String| match error.ends_with(" is not a measure") {
            true => {
                let ids: Vec<&str> = Score::ALL.iter().map(|score| score.id()).collect();
                let ids = ids.join(", ");
                format!(
                    "{error}: there is weight:MARK:MARK, words:WORD:WORD, pattern:PATTERN, effect, estimate, and {ids}"
                )
            }
            false => error,
        };
        return Ok((text.parse().map_err(there_are)?, None));
    };
    Ok((format!("{area}weight:{READING}:{READ}").parse()?, Some(linked)))
}

/// Layer and head of "L2H3".
fn head(name: &str) -> Result<(usize, usize), CliError> {
    let ends = name.strip_prefix('L').and_then(|ends| ends.split_once('H'));
    let head = ends.and_then(|(layer, head)| Some((layer.parse().ok()?, head.parse().ok()?)));
    head.ok_or_else(|| {
        CliError::Usage(format!("--rows {name}: expected a head as L2H3, layers and heads counted from 0"))
    })
}

/// The rows that have the words, with their indices in the set.
fn linked_rows(linked: &Linked, set: &[Row], is_causal: bool) -> Result<(Vec<Row>, Option<Vec<usize>>), CliError> {
    linked.check(is_causal).map_err(CliError::Usage)?;
    let found = linked.rows(set, is_causal);
    let (n_rows, n_left_out, missing) = (set.len(), set.len() - found.rows.len(), linked.missing(is_causal));
    if found.rows.is_empty() {
        return Err(CliError::Usage(format!("none of the {n_rows} rows fits: {missing}")));
    }
    if n_left_out > 0 {
        note(&format!("{n_left_out} of {n_rows} rows are left out: {missing}"));
    }
    Ok((found.rows, Some(found.indices)))
}

/// Rows with their numbers, the largest first.
fn rows_csv(mut rows: Vec<(usize, f32)>) -> String {
    rows.retain(|(_, value)| !value.is_nan());
    rows.sort_by(|(row, value), (other_row, other)| other.total_cmp(value).then(row.cmp(other_row)));
    let lines = rows.iter().map(|(row, value)| format!("{row},{}\n", number(f64::from(*value))));
    ["row,value\n".to_owned()].into_iter().chain(lines).collect()
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

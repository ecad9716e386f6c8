//! Tokens, positions of marked words, answers and labels of each row.

use std::collections::{BTreeMap, BTreeSet};

use super::RowOutcome;
use crate::engine::error::EngineError;
use crate::engine::model::Model;
use crate::sets::{Label, Row};
use crate::trace::Tokens;
use crate::trace::spec::Unembed;

/// What an experiment asks of each row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// The marks that it looks at.
    pub marks: Vec<String>,
    /// Whether it needs an answer.
    pub has_outcome: bool,
    /// Whether it needs a second text.
    pub has_pair: bool,
    /// Whether it needs one of two labels.
    pub has_label: bool,
    /// The label that counts as positive; the larger one of two if not given.
    pub positive: Option<String>,
    /// Ids of answers and of other answers for rows that name none.
    pub answers: (Vec<u32>, Vec<u32>),
}

/// A row that fits.
#[derive(Clone, Debug)]
pub struct AlignedRow {
    /// Its index in the set.
    pub index: usize,
    /// What the model reads.
    pub tokens: Tokens,
    /// The positions of each marked word.
    pub marks: BTreeMap<String, Vec<usize>>,
    /// What is measured at the end, where the row has an answer.
    pub outcome: Option<RowOutcome>,
    /// Whether it has the positive label, where labels were asked for.
    pub is_positive: Option<bool>,
}

/// A row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its index in the set.
    pub index: usize,
    /// Why it does not fit, as a clause.
    pub reason: String,
}

/// Why nothing is done with a set of which every row is refused.
pub(in crate::engine) fn no_row_fits(refused: &[RefusedRow]) -> EngineError {
    let first = refused.first().map(|row| format!(" (row {}: {})", row.index + 1, row.reason));
    EngineError::Request(format!("no row of the set fits{}", first.unwrap_or_default()))
}

/// The rows of a set.
#[derive(Clone, Debug, Default)]
pub struct Aligned {
    /// Those that fit, in their order.
    pub rows: Vec<AlignedRow>,
    /// The others.
    pub refused: Vec<RefusedRow>,
    /// What will be done with rows that fit in part, a sentence each.
    pub notes: Vec<String>,
}

/// Aligns every row of a set.
///
/// # Errors
/// When no row can fit: the model predicts nothing and an outcome is wanted, or the labels are not two.
pub fn align(model: &Model, set: &[Row], wanted: &Wanted) -> Result<Aligned, EngineError> {
    if wanted.has_outcome {
        model.expect_unembedding()?;
    }
    let positive = if wanted.has_label { Some(positive_label(set, wanted.positive.as_deref())?) } else { None };
    let mut aligned = Aligned::default();
    let mut n_long_answers = 0;
    for (index, row) in set.iter().enumerate() {
        match aligned_row(model, index, row, wanted, positive.as_ref()) {
            Ok((row, is_long)) => {
                n_long_answers += usize::from(is_long);
                aligned.rows.push(row);
            }
            Err(reason) => aligned.refused.push(RefusedRow { index, reason }),
        }
    }
    if n_long_answers > 0 {
        aligned.notes.push(format!("Answers of several tokens in {n_long_answers} rows: their first token counts."));
    }
    refuse_partners(set, &mut aligned);
    Ok(aligned)
}

fn aligned_row(
    model: &Model,
    index: usize,
    row: &Row,
    wanted: &Wanted,
    positive: Option<&Label>,
) -> Result<(AlignedRow, bool), String> {
    if wanted.has_pair && row.text_pair.is_none() {
        return Err("there is no second text".to_owned());
    }
    let is_positive = match positive {
        None => None,
        Some(positive) => Some(row.label.as_ref().ok_or("there is no label")? == positive),
    };
    let tokens = model.encode(&row.text, row.text_pair.as_deref()).map_err(|error| error.to_string())?;
    model.check(&tokens).map_err(|error| error.to_string())?;
    let mut marks = BTreeMap::new();
    for name in &wanted.marks {
        let (from, to) = *row.marks.get(name).ok_or_else(|| format!("no word is marked \"{name}\""))?;
        let positions = positions(&tokens, from, to);
        if positions.is_empty() {
            return Err(format!("the word marked \"{name}\" has no token of its own"));
        }
        marks.insert(name.clone(), positions);
    }
    let (outcome, is_long) = match wanted.has_outcome {
        true => outcome(model, row, &tokens, wanted).map(|(outcome, is_long)| (Some(outcome), is_long))?,
        false => (None, false),
    };
    Ok((AlignedRow { index, tokens, marks, outcome, is_positive }, is_long))
}

/// The positions of the first text's tokens that share bytes with a range of it.
fn positions(tokens: &Tokens, from: usize, to: usize) -> Vec<usize> {
    let end = tokens.segments.get(1).copied().unwrap_or(tokens.len());
    let shares = |position: &usize| {
        let (start, stop) = tokens.offsets.get(*position).copied().unwrap_or((0, 0));
        !tokens.special.get(*position).copied().unwrap_or(false) && start < to && stop > from
    };
    (0..end).filter(shares).collect()
}

/// The outcome of a row, and whether one of its answers is longer than its first token.
fn outcome(model: &Model, row: &Row, tokens: &Tokens, wanted: &Wanted) -> Result<(RowOutcome, bool), String> {
    let position = match model.spec().unembed {
        Unembed::MaskedWord { .. } => {
            tokens.first_mask().ok_or("the mask is missing: this model fills in a masked word")?
        }
        _ => tokens.len() - 1,
    };
    let Some(answer) = &row.answer else {
        let (answers, others) = wanted.answers.clone();
        return match answers.is_empty() {
            true => Err("there is no answer".to_owned()),
            false => Ok((RowOutcome { answers, others, position }, false)),
        };
    };
    let first = |text: &String| model.first_token(text).map_err(|error| error.to_string());
    let (id, n_pieces) = first(answer)?;
    let mut is_long = n_pieces > 1;
    let mut others = Vec::with_capacity(row.others.len());
    for other in &row.others {
        let (other_id, n_pieces) = first(other)?;
        if other_id == id {
            let token = model.token_name(id);
            return Err(format!("\"{answer}\" and \"{other}\" begin with the same token, {token}"));
        }
        is_long |= n_pieces > 1;
        others.push(other_id);
    }
    if others.is_empty() {
        others.clone_from(&wanted.answers.1);
    }
    Ok((RowOutcome { answers: vec![id], others, position }, is_long))
}

/// The positive label of a set: the one that is named, else the larger one of two.
fn positive_label(set: &[Row], named: Option<&str>) -> Result<Label, EngineError> {
    let mut labels: Vec<&Label> = Vec::new();
    for label in set.iter().filter_map(|row| row.label.as_ref()) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let refuse = |message: String| Err(EngineError::Request(message));
    let listed = || labels.iter().take(6).map(|label| format!("\"{label}\"")).collect::<Vec<_>>().join(", ");
    match (named, labels.as_slice()) {
        (_, []) => refuse("the set has no labels, and an area under the curve needs two".to_owned()),
        (_, [one]) => refuse(format!("every row has the label \"{one}\": an area under the curve needs two labels")),
        (Some(named), _) => match labels.iter().find(|label| label.to_string() == named) {
            Some(label) => Ok((*label).clone()),
            None => refuse(format!("no row has the label \"{named}\": there is {}", listed())),
        },
        (None, [one, other]) => {
            let is_larger = match (one, other) {
                (Label::Number(one), Label::Number(other)) => one > other,
                _ => one.to_string() > other.to_string(),
            };
            Ok(if is_larger { (*one).clone() } else { (*other).clone() })
        }
        (None, _) => refuse(format!(
            "the set has {} labels ({}, …): say which one is told from the others",
            labels.len(),
            listed()
        )),
    }
}

/// Takes the other version out where one version of a pair does not fit: a difference needs both.
fn refuse_partners(set: &[Row], aligned: &mut Aligned) {
    let pair = |index: usize| set[index].version.and(set[index].pair_id.as_deref());
    let lost: BTreeSet<&str> = aligned.refused.iter().filter_map(|refused| pair(refused.index)).collect();
    let mut refused = Vec::new();
    aligned.rows.retain(|row| {
        let is_lost = pair(row.index).is_some_and(|pair| lost.contains(pair));
        if is_lost {
            let reason = "the other version of its pair does not fit".to_owned();
            refused.push(RefusedRow { index: row.index, reason });
        }
        !is_lost
    });
    aligned.refused.extend(refused);
    aligned.refused.sort_by_key(|refused| refused.index);
}

//! `headlight sweep`: one edit after another, and what each does to the outcome, as CSV.
//!
//! The effect of an ablation or knockout is M_base − M_edited, with its sign (docs/methods.md, "Head ablation"); that of a patch is
//! the share of the difference between the two inputs that it restores, empty where they hardly differ (docs/methods.md,
//! "Activation patching"). Both are in `analysis::effect`.

use std::io::Write;
use std::sync::Arc;

use super::CliError;
use super::args::{SweepArgs, SweepWhat};
use super::generate::CliInput;
use super::labels::label_outcome;
use super::outfile::OutFile;
use super::report::print;
use crate::analysis::effect::{ablation_effect, restored_share};
use crate::edit::{PatchFrom, PatchSite};
use crate::engine::jobs::{FinishedRun, Measure, SweepJob, SweepKind, SweepPart, SweepResult, complete_with};
use crate::engine::{EngineError, Measured, Outcome, Run, default_position, top_predictions};

/// Runs the command.
pub(super) fn run(args: &SweepArgs) -> Result<(), CliError> {
    let input = CliInput::open(&args.input)?;
    let mut out = args.out.as_deref().map(|out| OutFile::create(out, &input.paths)).transpose()?;
    let FinishedRun { run: base, edits, .. } = input.read(&args.input)?;
    let names_token = args.answer.is_some() || args.answer_id.is_some();
    let measure = match base.model().spec().labels.is_some() && !names_token || args.label.is_some() {
        true => Measure::Label(label_outcome([&args.label, &args.against], args.position, &base)?),
        false => Measure::Tokens(outcome(args, &base)?),
    };
    let kind = kind(args, &base)?;
    let job = SweepJob::new(Arc::new(base), edits, kind, measure)?;
    let mut parts = Vec::new();
    let result = complete_with(job, |part| parts.push(part))?;
    parts.sort_by_key(|part: &SweepPart| part.index);
    let is_by_position = match args.what {
        SweepWhat::CutKeys => true,
        SweepWhat::Patch => PatchSite::from(args.site).is_by_position(),
        SweepWhat::Zero | SweepWhat::PositionMean | SweepWhat::Mean => false,
    };
    let column = if is_by_position { "position" } else { "head" };
    let mut csv = format!("layer,{column},effect,logit_difference,p_answer\n");
    csv.extend(parts.iter().map(|part| line(part, &result)));
    match &mut out {
        None => print(&csv),
        Some(out) => {
            let written = out.writer().map(|mut writer| writer.write_all(csv.as_bytes()))?;
            written.map_err(CliError::Output)
        }
    }?;
    out.map_or(Ok(()), OutFile::keep)
}

fn line(SweepPart { cell, outcome, .. }: &SweepPart, SweepResult { base, other }: &SweepResult) -> String {
    let (layer, column) = (cell.layer, cell.column);
    let (difference, p_answer) = match outcome {
        Some(Measured::Tokens(value)) => (value.logit_difference, Some(value.p_answer)),
        Some(Measured::Label(value)) => (value.logit, value.p_label),
        Some(Measured::Cosine(_)) | None => return format!("{layer},{column},,,\n"),
    };
    let effect = match other {
        None => Some(ablation_effect(base.value(), difference)),
        Some(other) => restored_share(base.value(), other.value(), difference),
    };
    let number = |number: Option<f32>| number.map_or_else(String::new, |number| format!("{number:.6}"));
    format!("{layer},{column},{},{difference:.6},{}\n", number(effect), number(p_answer))
}

/// What is tried, with the other inputs that it needs.
fn kind(args: &SweepArgs, base: &Run) -> Result<SweepKind, CliError> {
    let encode = |text: &String| base.model().encode(text, None);
    Ok(match args.what {
        SweepWhat::Zero => SweepKind::ZeroHeads,
        SweepWhat::PositionMean => SweepKind::PositionMeanHeads,
        SweepWhat::CutKeys => SweepKind::CutKeys,
        SweepWhat::Mean => SweepKind::MeanHeads(args.reference.iter().map(encode).collect::<Result<_, _>>()?),
        SweepWhat::Patch => {
            let text =
                args.from.as_ref().ok_or_else(|| CliError::Usage("--what patch needs --from TEXT".to_owned()))?;
            let from = PatchFrom::Text(text.clone(), None);
            SweepKind::Patch { site: args.site.into(), other: encode(text)?, from, is_denoising: false }
        }
    })
}

fn outcome(args: &SweepArgs, base: &Run) -> Result<Outcome, CliError> {
    let n_pos = base.tokens().len();
    let position = args.position.unwrap_or_else(|| default_position(base));
    if position >= n_pos {
        return Err(CliError::Usage(format!("--position {position} is not there: {n_pos} tokens, counted from 0")));
    }
    let top = top_predictions(base, position, 2)?;
    let [first, second] = top.as_slice() else {
        let message = "this checkpoint predicts no tokens: there is no logit difference".to_owned();
        return Err(EngineError::Request(message).into());
    };
    let answer = match (&args.answer, args.answer_id) {
        (Some(text), _) => base.model().single_token(text)?,
        (None, id) => id.unwrap_or(first.id),
    };
    let named = args.other.iter().map(|text| base.model().single_token(text));
    let mut others = named.chain(args.other_id.iter().map(|id| Ok(*id))).collect::<Result<Vec<u32>, _>>()?;
    if others.is_empty() {
        others.push(if second.id == answer { first.id } else { second.id });
    }
    Ok(Outcome { answer, others, position: Some(position) })
}

//! `headlight sweep`: one edit after another, and what each does to the outcome, as CSV.
//!
//! The effect of an ablation or knockout is M_base − M_edited, with its sign (docs/methods.md, "Head ablation"). The effect of
//! a patch is R = (M_patched − M_other) / (M_text − M_other), empty where the two inputs hardly differ (docs/methods.md,
//! "Activation patching").

use std::io::Write;
use std::sync::Arc;

use super::CliError;
use super::args::{SweepArgs, SweepWhat};
use super::generate::read;
use super::outfile::OutFile;
use super::report::print;
use crate::edit::PatchFrom;
use crate::engine::sweep::{Sweep, SweepKind, cells, mean_cells, patch_cells};
use crate::engine::{
    Captures, CompiledEdits, EngineError, Model, Outcome, OutcomeBatch, OutcomeValue, PatchValues, Run,
    default_position, top_predictions,
};
use crate::trace::{BlockSite, Hook};

/// Inputs whose logit differences are closer than this have no R.
const LEAST_DIFFERENCE: f32 = 0.05;

/// Runs the command.
pub(super) fn run(args: &SweepArgs) -> Result<(), CliError> {
    let mut out = args.out.as_deref().map(OutFile::create).transpose()?;
    let (edits, base) = read(&args.input, Captures::none())?;
    let model = Arc::clone(base.model());
    let outcome = outcome(args, &base)?;
    let clean = outcome.value(&base)?.logit_difference;
    let n_pos = base.tokens().len();
    let mut other_difference = None;
    let (cells, patches) = match args.what {
        SweepWhat::Zero => (cells(&SweepKind::ZeroHeads, model.spec(), n_pos), PatchValues::default()),
        SweepWhat::PositionMean => (cells(&SweepKind::PositionMeanHeads, model.spec(), n_pos), PatchValues::default()),
        SweepWhat::CutKeys => (cells(&SweepKind::CutKeys, model.spec(), n_pos), PatchValues::default()),
        SweepWhat::Mean => {
            let z = (0..model.spec().n_layers).map(|layer| Hook::Block(layer, BlockSite::Z)).collect::<Vec<_>>();
            let references = args.reference.iter().map(|text| other(&model, text, Captures::of(z.clone())));
            let references = references.collect::<Result<Vec<_>, _>>()?;
            let cells = mean_cells(&references.iter().collect::<Vec<_>>(), model.spec())?;
            (cells, PatchValues::default())
        }
        SweepWhat::Patch => {
            let text = args.from.clone().ok_or_else(|| CliError::Usage("--what patch needs --from TEXT".to_owned()))?;
            let other = other(&model, &text, Captures::none())?;
            other_difference = Some(outcome.value(&other)?.logit_difference);
            patch_cells(&base, &other, &PatchFrom::Text(text, None))?
        }
    };
    let column = if matches!(args.what, SweepWhat::CutKeys | SweepWhat::Patch) { "position" } else { "head" };
    let mut sweep = Sweep::new(edits, patches, cells);
    let mut csv = format!("layer,{column},effect,logit_difference,p_answer\n");
    let mut batch = OutcomeBatch::new(outcome);
    let mut values = vec![None; sweep.cells().len()];
    while !sweep.is_done() {
        if let Some((index, Some(run))) = sweep.step(&base)? {
            batch.push(index, run)?.into_iter().for_each(|(index, value)| values[index] = Some(value));
        }
    }
    batch.rest()?.into_iter().for_each(|(index, value)| values[index] = Some(value));
    for (cell, value) in sweep.cells().iter().zip(values) {
        csv += &line(cell.layer, cell.column, value, clean, other_difference);
    }
    match &mut out {
        None => print(&csv),
        Some(out) => {
            let written = out.writer().map(|mut writer| writer.write_all(csv.as_bytes()))?;
            written.map_err(CliError::Output)
        }
    }?;
    out.map_or(Ok(()), OutFile::keep)
}

fn line(layer: usize, column: usize, value: Option<OutcomeValue>, clean: f32, other: Option<f32>) -> String {
    let Some(OutcomeValue { logit_difference, p_answer, .. }) = value else {
        return format!("{layer},{column},,,\n");
    };
    let effect = match other {
        None => Some(clean - logit_difference),
        Some(other) if (clean - other).abs() < LEAST_DIFFERENCE => None,
        Some(other) => Some((logit_difference - other) / (clean - other)),
    };
    let effect = effect.map_or_else(String::new, |effect| format!("{effect:.6}"));
    format!("{layer},{column},{effect},{logit_difference:.6},{p_answer:.6}\n")
}

fn other(model: &Arc<Model>, text: &str, captures: Captures) -> Result<Run, EngineError> {
    let mut run = Run::new(Arc::clone(model), model.encode(text, None)?, CompiledEdits::none(), captures)?;
    run.complete()?;
    Ok(run)
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
    let token = |given: &Option<String>, default: u32| match given {
        Some(text) => base.model().single_token(text),
        None => Ok(default),
    };
    let (answer, other) = (token(&args.answer, first.id)?, token(&args.other, second.id)?);
    Ok(Outcome { answer, other, position: Some(position) })
}

//! What an edit does: predictions and outcomes of runs side by side, and sweeps of one edit after another.
//!
//! An outcome is measured in a run, or, for a cosine, in two runs of two texts under the same edits.

use std::sync::Arc;

use super::{N_TOP, Stop, Worker};
use crate::analysis::similarity::{cosine, mean_pooled};
use crate::edit::{Edit, PatchFrom};
use crate::engine::sweep::{Sweep, SweepCell, SweepKind, cells, mean_cells, patch_cells};
use crate::engine::{
    Captures, CompiledEdits, EngineError, Model, Outcome, OutcomeBatch, OutcomeValue, PatchValues, Run,
    default_position, probabilities, top_predictions,
};
use crate::protocol::{
    About, ComparedOutcome, ComparedToken, EditingReply, OutcomeAsked, OutcomeNumbers, RequestId, RunId, Stage,
    SweepAsked, SweepNumbers,
};
use crate::trace::spec::Unembed;
use crate::trace::{BlockSite, Hook};

impl Worker {
    pub(super) async fn compare(
        &mut self,
        request: RequestId,
        runs: &[RunId],
        asked: Option<&OutcomeAsked>,
        also: Vec<u32>,
    ) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let tokens = match asked {
            Some(OutcomeAsked::Tokens { .. }) => {
                asked.map(|asked| outcome(&model, asked).map_err(|error| error.to_string()))
            }
            _ => None,
        };
        let at = tokens.as_ref().and_then(|asked| asked.as_ref().ok()).and_then(|outcome| outcome.position);
        let has_predictions = model.spec().unembed != Unembed::None;
        let (mut position, mut all, mut ids) = (0, Vec::<Vec<f32>>::new(), Vec::new());
        for &run in runs.iter().filter(|_| has_predictions) {
            let run = self.find_run(run)?;
            position = at.unwrap_or_else(|| default_position(run));
            let top = top_predictions(run, position, N_TOP)?;
            ids.extend(top.iter().map(|top| top.id).filter(|id| !ids.contains(id)).collect::<Vec<u32>>());
            all.push(probabilities(run, position)?);
            self.breathe(request).await?;
        }
        if has_predictions {
            ids.extend(also.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<u32>>());
        }
        let name = |id: u32| model.token_name(id);
        let outcome = match (tokens, asked) {
            (Some(Err(reason)), _) => Some(Err(reason)),
            (Some(Ok(outcome)), _) => {
                let value =
                    |run: &RunId| -> Result<OutcomeNumbers, Stop> { Ok(numbers(&outcome, self.find_run(*run)?)?) };
                let values = runs.iter().map(value).collect::<Result<Vec<_>, Stop>>()?;
                Some(Ok(ComparedOutcome { tokens: Some([name(outcome.answer), name(outcome.other)]), values }))
            }
            (None, Some(OutcomeAsked::Cosine { first, second })) => {
                Some(self.cosines(request, runs, first, second).await?)
            }
            (None, _) => None,
        };
        let probs = |id: u32| all.iter().map(|probs| probs.get(id as usize).copied().unwrap_or(0.0)).collect();
        let tokens = ids.iter().map(|&id| ComparedToken { id, token: name(id), probs: probs(id) }).collect();
        self.say(EditingReply::Compared { request, position: position as u32, tokens, outcome });
        Ok(())
    }

    /// The cosine of two texts under the edits of each run, or why there is none.
    async fn cosines(
        &mut self,
        request: RequestId,
        runs: &[RunId],
        first: &str,
        second: &str,
    ) -> Result<Result<ComparedOutcome, String>, Stop> {
        let mut values = Vec::with_capacity(runs.len());
        for run in runs {
            let edits = self.edits.get(run).cloned().unwrap_or_default();
            let first = self.under(request, first, &edits).await;
            let second = self.under(request, second, &edits).await;
            let (first, second) = match (first, second) {
                (Ok(first), Ok(second)) => (first, second),
                // The text, or an edit in it: said beside the outcome.
                (Err(Stop::Failed(report)), _) | (_, Err(Stop::Failed(report))) => return Ok(Err(report.message)),
                (Err(stop), _) | (_, Err(stop)) => return Err(stop),
            };
            match cosine_of(&first, &second) {
                Some(value) => values.push(OutcomeNumbers { value, probs: None }),
                None => return Ok(Err(NO_LENGTH.to_owned())),
            }
        }
        Ok(Ok(ComparedOutcome { tokens: None, values }))
    }

    /// A run of a text under edits; those that do not fit it are left out.
    async fn under(&mut self, request: RequestId, text: &str, edits: &[Edit]) -> Result<Run, Stop> {
        let model = Arc::clone(self.model()?);
        let tokens = model.encode(text, None)?;
        let n_pos = tokens.len();
        let patches = self.patch_values(request, edits, n_pos).await?;
        let bound = CompiledEdits::bind_each(edits, model.spec(), None, n_pos.into(), &patches);
        let mut run = Run::new(model, tokens, bound.edits, Captures::none())?;
        self.complete(request, &mut run).await?;
        Ok(run)
    }

    pub(super) async fn sweep(
        &mut self,
        request: RequestId,
        base: RunId,
        edits: Vec<Edit>,
        what: SweepAsked,
        asked: &OutcomeAsked,
    ) -> Result<(), Stop> {
        match asked {
            OutcomeAsked::Tokens { .. } => self.sweep_tokens(request, base, edits, what, asked).await,
            OutcomeAsked::Cosine { first, second } => {
                self.sweep_cosine(request, base, edits, what, [first, second]).await
            }
        }
    }

    async fn sweep_tokens(
        &mut self,
        request: RequestId,
        base: RunId,
        edits: Vec<Edit>,
        what: SweepAsked,
        asked: &OutcomeAsked,
    ) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let outcome = outcome(&model, asked)?;
        let (spec, n_pos) = (model.spec(), self.find_run(base)?.tokens().len());
        let mut patches = self.patch_values(request, &edits, n_pos).await?;
        // Edits that do not fit are inactive in the base too.
        let edits = fitting(&model, edits, n_pos, &patches);
        let mut other = None;
        let mut denoised = None;
        let cells: Vec<SweepCell> = match what {
            SweepAsked::CutKeys => cells(&SweepKind::CutKeys, spec, n_pos),
            SweepAsked::PatchStream { text, is_denoising } => {
                let run = self.clean_run(request, &model, model.encode(&text, None)?, Captures::none()).await?;
                other = Some(numbers(&outcome, &run)?);
                let shown = self.find_run(base)?;
                let (cells, values) = match is_denoising {
                    false => patch_cells(shown, &run, &PatchFrom::Text(text, None))?,
                    true => patch_cells(&run, shown, &PatchFrom::Ids(shown.tokens().ids.clone()))?,
                };
                denoised = is_denoising.then_some(run);
                patches.extend(values);
                cells
            }
            what => {
                let (cells, values) = self.head_cells(request, &model, what, n_pos).await?;
                patches.extend(values);
                cells
            }
        };
        let edits = if denoised.is_some() { Vec::new() } else { edits };
        let mut sweep = Sweep::new(edits, patches, cells);
        let mut batch = OutcomeBatch::new(outcome);
        let mut said = 0;
        while !sweep.is_done() {
            let step = match &denoised {
                Some(run) => sweep.step(run)?,
                None => sweep.step(self.find_run(base)?)?,
            };
            match step {
                Some((index, Some(run))) => self.say_cells(request, &sweep, batch.push(index, run)?),
                Some((index, None)) => self.say_cell(request, &sweep.cells()[index], None),
                None => {}
            }
            self.say_progress(request, sweep.progress(), &mut said);
            self.breathe(request).await?;
        }
        self.say_cells(request, &sweep, batch.rest()?);
        let base = numbers(&outcome, self.find_run(base)?)?;
        self.say(EditingReply::SweepDone { request, base, other });
        Ok(())
    }

    /// The same edits in two texts, each read on its own. Only heads are the same in both.
    async fn sweep_cosine(
        &mut self,
        request: RequestId,
        base: RunId,
        edits: Vec<Edit>,
        what: SweepAsked,
        texts: [&String; 2],
    ) -> Result<(), Stop> {
        if matches!(what, SweepAsked::CutKeys | SweepAsked::PatchStream { .. }) {
            let message = "a cosine is of two texts with positions of their own: only heads can be tried in both";
            return Err(Stop::failed(About::Request, message));
        }
        let model = Arc::clone(self.model()?);
        let n_pos = self.find_run(base)?.tokens().len();
        let (cells, values) = self.head_cells(request, &model, what, n_pos).await?;
        let mut bases = Vec::new();
        let mut embeddings: Vec<Vec<Option<Vec<f64>>>> = Vec::new();
        let mut said = 0;
        for (half, text) in texts.into_iter().enumerate() {
            let run = self.under(request, text, &edits).await?;
            let mut patches = self.patch_values(request, &edits, run.tokens().len()).await?;
            patches.extend(values.clone());
            let mut sweep = Sweep::new(edits.clone(), patches, cells.clone()).leaving_out();
            let mut found = vec![None; cells.len()];
            while !sweep.is_done() {
                if let Some((index, cell_run)) = sweep.step(&run)? {
                    found[index] = cell_run.map(|run| mean_pooled(run.final_stream(), model.spec().d_model));
                    if let [first] = embeddings.as_slice() {
                        let both = first[index].as_ref().zip(found[index].as_ref());
                        let value = both.and_then(|(first, second)| cosine(first, second));
                        let value = value.map(|value| OutcomeNumbers { value: value as f32, probs: None });
                        self.say_cell(request, &cells[index], value);
                    }
                }
                let (done, total) = sweep.progress();
                self.say_progress(request, (half * total + done, 2 * total), &mut said);
                self.breathe(request).await?;
            }
            embeddings.push(found);
            bases.push(run);
        }
        let value = match bases.as_slice() {
            [first, second] => cosine_of(first, second),
            _ => None,
        };
        let value = value.ok_or_else(|| Stop::failed(About::Request, NO_LENGTH))?;
        let base = OutcomeNumbers { value, probs: None };
        self.say(EditingReply::SweepDone { request, base, other: None });
        Ok(())
    }

    /// Cells that are about heads, or given; with what they take from other inputs.
    async fn head_cells(
        &mut self,
        request: RequestId,
        model: &Arc<Model>,
        what: SweepAsked,
        n_pos: usize,
    ) -> Result<(Vec<SweepCell>, PatchValues), Stop> {
        let spec = model.spec();
        let cells = match what {
            SweepAsked::ZeroHeads => cells(&SweepKind::ZeroHeads, spec, n_pos),
            SweepAsked::PositionMeanHeads => cells(&SweepKind::PositionMeanHeads, spec, n_pos),
            SweepAsked::MeanHeads(texts) => {
                let z = (0..spec.n_layers).map(|layer| Hook::Block(layer, BlockSite::Z)).collect::<Vec<_>>();
                let mut references = Vec::new();
                for text in texts {
                    let tokens = model.encode(&text, None)?;
                    references.push(self.clean_run(request, model, tokens, Captures::of(z.clone())).await?);
                }
                mean_cells(&references.iter().collect::<Vec<_>>(), spec)?
            }
            SweepAsked::Each(each) => {
                let patches = self.patch_values(request, &each, n_pos).await?;
                // One that does not fit has no cell, and says why where it is listed.
                let fits = |(_, edit): &(usize, Edit)| !fitting(model, vec![edit.clone()], n_pos, &patches).is_empty();
                let cell = |(column, edit)| SweepCell { layer: 0, column, edit };
                let cells = each.into_iter().enumerate().filter(fits).map(cell).collect();
                return Ok((cells, patches));
            }
            SweepAsked::CutKeys | SweepAsked::PatchStream { .. } => Vec::new(),
        };
        Ok((cells, PatchValues::default()))
    }

    fn say_cells(&self, request: RequestId, sweep: &Sweep, values: Vec<(usize, OutcomeValue)>) {
        for (index, value) in values {
            self.say_cell(request, &sweep.cells()[index], Some(from_value(value)));
        }
    }

    fn say_cell(&self, request: RequestId, cell: &SweepCell, outcome: Option<OutcomeNumbers>) {
        let cell =
            SweepNumbers { layer: cell.layer as u32, column: cell.column as u32, edit: cell.edit.clone(), outcome };
        self.say(EditingReply::SweepCell { request, cell });
    }

    /// A message with each step would be a thousand a second.
    fn say_progress(&self, request: RequestId, (done, total): (usize, usize), said: &mut usize) {
        let share = done * 200 / total.max(1);
        if *said != share {
            *said = share;
            self.outbox.progress(request, Stage::Sweep, done as u64, total as u64);
        }
    }
}

/// Why two texts have no cosine.
const NO_LENGTH: &str = "an embedding has no length";

/// The edits that fit a model and an input of so many tokens.
fn fitting(model: &Model, edits: Vec<Edit>, n_pos: usize, patches: &PatchValues) -> Vec<Edit> {
    let bound = CompiledEdits::bind_each(&edits, model.spec(), None, n_pos.into(), patches);
    let fits = |index: usize| bound.inactive.iter().all(|inactive| inactive.index != index);
    edits.into_iter().enumerate().filter(|(index, _)| fits(*index)).map(|(_, edit)| edit).collect()
}

fn cosine_of(first: &Run, second: &Run) -> Option<f32> {
    let pooled = |run: &Run| mean_pooled(run.final_stream(), run.model().spec().d_model);
    cosine(&pooled(first), &pooled(second)).map(|value| value as f32)
}

fn outcome(model: &Model, asked: &OutcomeAsked) -> Result<Outcome, EngineError> {
    let OutcomeAsked::Tokens { answer, other, position } = asked else {
        return Err(EngineError::Request("the outcome is not a pair of tokens".to_owned()));
    };
    let (answer, other) = (model.single_token(answer)?, model.single_token(other)?);
    Ok(Outcome { answer, other, position: position.map(|position| position as usize) })
}

fn numbers(outcome: &Outcome, run: &Run) -> Result<OutcomeNumbers, EngineError> {
    outcome.value(run).map(from_value)
}

fn from_value(value: OutcomeValue) -> OutcomeNumbers {
    OutcomeNumbers { value: value.logit_difference, probs: Some([value.p_answer, value.p_other]) }
}

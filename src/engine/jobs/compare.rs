//! Predictions (tokens, or a classifier's labels) and an outcome in several runs of one model, side by side.

use std::collections::VecDeque;
use std::sync::Arc;

use super::run::RunInput;
use super::{Job, Progress, SimilarityJob, not_done};
use crate::edit::Edit;
use crate::engine::error::EngineError;
use crate::engine::labels::{LabelOutcome, Labels, default_label_position};
use crate::engine::model::Model;
use crate::engine::outcome::{EndMeasure, Measured, Outcome, default_position};
use crate::engine::predict::{probabilities, top_predictions};
use crate::engine::run::{Run, Step};
use crate::trace::Tokens;
use crate::trace::spec::Unembed;

/// What is measured in a run.
#[allow(clippy::large_enum_variant, reason = "a job holds one of these, so boxing would save nothing")]
#[derive(Clone, Debug)]
pub enum Measure {
    /// An answer token against others at a position.
    Tokens(Outcome),
    /// A label of a classifier, or two.
    Label(LabelOutcome),
    /// How alike two inputs are, each read on its own under the edits of the run.
    Cosine([Tokens; 2]),
}

/// The answer of a [`CompareJob`].
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// After which token the predictions are.
    pub position: usize,
    /// Token ids with their probability in each run: the most likely ones of all runs, the first run's order first. Of a classifier
    /// the indices of its labels.
    pub tokens: Vec<(u32, Vec<f32>)>,
    /// Whether `tokens` are labels.
    pub are_labels: bool,
    /// The outcome in each run, or why it cannot be measured; `None` when nothing was to be measured.
    pub outcome: Option<Result<Vec<Measured>, String>>,
}

/// What is listed with its probability in each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    Tokens,
    Labels,
    Nothing,
}

/// A comparison under way.
#[derive(Debug)]
pub struct CompareJob {
    model: Arc<Model>,
    runs: Vec<(Arc<Run>, Vec<Edit>)>,
    measure: Option<Measure>,
    n_top: usize,
    also: Vec<u32>,
    position: usize,
    ids: Vec<u32>,
    lists: Lists,
    /// [d_vocab], or [label], of each run that is done.
    probs: Vec<Vec<f32>>,
    /// The runs whose cosine is still to be made, and the one under way.
    cosines: VecDeque<usize>,
    cosine: Option<SimilarityJob>,
    outcome: Vec<Measured>,
    /// Why the outcome cannot be measured.
    refused: Option<String>,
}

impl CompareJob {
    /// Compares finished runs, each with the edits that it was run with: their `n_top` most likely tokens and the tokens `also`,
    /// and `measure` in each. Why there is no measure where one was wanted becomes part of the answer.
    pub fn new(
        model: Arc<Model>,
        runs: Vec<(Arc<Run>, Vec<Edit>)>,
        measure: Option<Result<Measure, EngineError>>,
        n_top: usize,
        also: Vec<u32>,
    ) -> Self {
        let (measure, refused) = match measure {
            None => (None, None),
            Some(Ok(measure)) => (Some(measure), None),
            Some(Err(error)) => (None, Some(error.to_string())),
        };
        let cosines = match &measure {
            Some(Measure::Cosine(_)) => (0..runs.len()).collect(),
            _ => VecDeque::new(),
        };
        let spec = model.spec();
        let lists = match &spec.labels {
            _ if spec.unembed != Unembed::None => Lists::Tokens,
            Some(head) if head.has_probabilities() => Lists::Labels,
            _ => Lists::Nothing,
        };
        Self {
            model,
            runs,
            measure,
            n_top,
            also,
            position: 0,
            ids: Vec::new(),
            lists,
            probs: Vec::new(),
            cosines,
            cosine: None,
            outcome: Vec::new(),
            refused,
        }
    }

    fn predicts(&self) -> bool {
        self.lists != Lists::Nothing
    }

    /// Predictions of the next run.
    fn predict(&mut self) -> Result<(), EngineError> {
        let run = &self.runs[self.probs.len()].0;
        let asked = match &self.measure {
            Some(Measure::Tokens(outcome)) => outcome.position,
            Some(Measure::Label(outcome)) => outcome.position,
            _ => None,
        };
        if self.lists == Lists::Labels {
            let run = Arc::clone(run);
            return self.list_labels(&run, asked);
        }
        self.position = asked.unwrap_or_else(|| default_position(run));
        for top in top_predictions(run, self.position, self.n_top)? {
            if !self.ids.contains(&top.id) {
                self.ids.push(top.id);
            }
        }
        self.probs.push(probabilities(run, self.position)?);
        Ok(())
    }

    /// Labels of the next run: of the token at a position where each has its own, else of the text. What they cannot be made of is
    /// part of the answer.
    fn list_labels(&mut self, run: &Run, position: Option<usize>) -> Result<(), EngineError> {
        let model = Arc::clone(&self.model);
        let head = model.expect_labels()?;
        self.position = match head.is_of_tokens() {
            true => position.unwrap_or_else(|| default_label_position(run)),
            false => head.position(&run.tokens().ids).unwrap_or(0),
        };
        let row = if head.is_of_tokens() { self.position } else { 0 };
        match Labels::of(run) {
            Ok(labels) => {
                if self.ids.is_empty() {
                    self.ids = labels.ranked(row).into_iter().map(|(label, ..)| label as u32).collect();
                }
                let n_labels = labels.n_labels;
                self.probs.push(labels.probs.get(row * n_labels..(row + 1) * n_labels).unwrap_or_default().to_vec());
            }
            Err(error) => {
                self.lists = Lists::Nothing;
                self.refused = Some(error.to_string());
            }
        }
        Ok(())
    }

    /// The next piece of the outcome; an input or an edit that it cannot be measured with is part of the answer.
    fn measure(&mut self) -> Result<(), EngineError> {
        match (&self.measure, &mut self.cosine) {
            (Some(Measure::Tokens(outcome)), _) => self.outcome = self.at_end(EndMeasure::Tokens(outcome.clone()))?,
            (Some(Measure::Label(outcome)), _) => self.outcome = self.at_end(EndMeasure::Label(*outcome))?,
            (Some(Measure::Cosine(_)), Some(job)) => {
                if job.step()? == Step::Done {
                    let cosine = self.cosine.take().map_or_else(|| Err(not_done()), Job::finish)?;
                    self.outcome.push(Measured::Cosine(cosine as f32));
                }
            }
            (Some(Measure::Cosine(inputs)), None) => {
                if let Some(index) = self.cosines.pop_front() {
                    let inputs = inputs.clone().map(RunInput::from);
                    self.cosine = Some(SimilarityJob::new(&self.model, inputs, &self.runs[index].1)?);
                }
            }
            (None, _) => {}
        }
        Ok(())
    }

    fn at_end(&self, measure: EndMeasure) -> Result<Vec<Measured>, EngineError> {
        let runs: Vec<&Run> = self.runs.iter().map(|(run, _)| &**run).collect();
        measure.values(&runs)
    }

    fn is_done(&self) -> bool {
        let is_measured = match (&self.measure, &self.refused) {
            (Some(_), None) => self.outcome.len() == self.runs.len(),
            _ => true,
        };
        is_measured && (!self.predicts() || self.probs.len() == self.runs.len())
    }
}

impl Job for CompareJob {
    type Part = ();
    type Output = Compared;

    fn step(&mut self) -> Result<Step, EngineError> {
        if self.predicts() && self.probs.len() < self.runs.len() {
            self.predict()?;
        } else if !self.is_done()
            && let Err(error) = self.measure()
        {
            self.refused = Some(error.to_string());
        }
        Ok(if self.is_done() { Step::Done } else { Step::More })
    }

    fn progress(&self) -> Progress {
        let running = self.cosine.as_ref().map_or(Progress::blocks((0, 1)), Job::progress);
        running.as_part(self.outcome.len(), self.runs.len().max(1))
    }

    fn finish(self) -> Result<Compared, EngineError> {
        if !self.is_done() {
            return Err(not_done());
        }
        let mut ids = self.ids;
        if self.lists == Lists::Tokens {
            for id in self.also {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        let of_runs = |id: u32| self.probs.iter().map(|probs| probs.get(id as usize).copied().unwrap_or(0.0)).collect();
        let are_labels = self.lists == Lists::Labels;
        let tokens = ids.iter().map(|&id| (id, of_runs(id))).collect();
        let outcome = match (self.refused, self.measure) {
            (Some(reason), _) => Some(Err(reason)),
            (None, Some(_)) => Some(Ok(self.outcome)),
            (None, None) => None,
        };
        Ok(Compared { position: self.position, tokens, are_labels, outcome })
    }
}

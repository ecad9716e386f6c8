//! A direction of the stream for an edit: the mean of a place over the text, a token's row of the unembedding, or how a place differs
//! between two texts.

use std::sync::Arc;

use super::direct::{captured, output_direction};
use super::{Job, Progress, not_done};
use crate::analysis::inside::direction::{DirectionAsked, DirectionOf, scaled_to};
use crate::analysis::inside::stream::norms;
use crate::engine::edits::CompiledEdits;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::spec::Unembed;
use crate::trace::{BlockSite, Hook};

/// A direction under way.
#[derive(Debug)]
pub struct DirectionJob {
    /// ‖·‖₂ of the stream entering the layer at the position.
    length: f64,
    hook: Hook,
    /// The runs whose place is read, the last one first.
    runs: Vec<Run>,
    /// The place in the runs that are done: at the last position of a text of its own.
    read: Vec<Vec<f32>>,
    made_of: DirectionOf,
    direction: Option<Vec<f32>>,
}

impl DirectionJob {
    /// Prepares a direction for a finished run.
    ///
    /// # Errors
    /// When the run is not done, or a place, token or text does not exist.
    pub fn new(run: &Run, asked: DirectionAsked) -> Result<Self, EngineError> {
        let DirectionAsked { layer, site, position, made_of } = asked;
        let (model, spec, n_pos) = (run.model(), run.model().spec(), run.tokens().len());
        let kept = run.layer(layer)?;
        let request = |message: String| Err(EngineError::Request(message));
        if position >= n_pos {
            return request(format!("position {position} is not there: {n_pos} tokens, counted from 0"));
        }
        if !site.exists_at(spec, layer) {
            return request(format!("layer {layer} has no {}", site.name()));
        }
        let width = spec.d_model;
        let length = f64::from(norms(&kept.resid_pre[position * width..(position + 1) * width], width)[0]);
        let hook = Hook::Block(layer, site);
        let mut job = Self { length, hook, runs: Vec::new(), read: Vec::new(), made_of, direction: None };
        match &job.made_of {
            DirectionOf::Mean => job.runs.push(run.again(run.edits.clone(), Captures::of([hook]))?),
            DirectionOf::Token(id) => {
                model.expect_unembedding()?;
                if matches!(spec.unembed, Unembed::MaskedWord { .. }) {
                    return request("the masked-word head is not linear: a token has no direction".to_owned());
                }
                if *id as usize >= model.unembedding().n_out() {
                    return request(format!("token {id} is not in the vocabulary"));
                }
                let row = output_direction(model, &[(*id, 1.0)]).into_iter().map(|value| value as f32).collect();
                job.direction = Some(scaled_to(row, length));
            }
            DirectionOf::Texts(texts) => {
                if run.source().is_some() {
                    return request("a text says nothing about what a decoder reads".to_owned());
                }
                for text in texts.iter().rev() {
                    let tokens = model.encode(text, None)?;
                    job.runs.push(Run::new(Arc::clone(model), tokens, CompiledEdits::none(), Captures::of([hook]))?);
                }
            }
        }
        Ok(job)
    }

    /// What a run holds at the place, once the layer is done: the mean over its positions, or its last position.
    fn take(&mut self, run: &Run) -> Result<(), EngineError> {
        let width = run.model().spec().d_model;
        let values = match self.hook {
            Hook::Block(layer, BlockSite::ResidPre) => &run.layer(layer)?.resid_pre,
            hook => captured(run, hook)?,
        };
        let n_pos = run.tokens().len();
        self.read.push(match self.made_of {
            DirectionOf::Mean => {
                let sum = |at: usize| values.iter().skip(at).step_by(width).map(|value| f64::from(*value)).sum::<f64>();
                (0..width).map(|at| (sum(at) / n_pos as f64) as f32).collect()
            }
            _ => values[(n_pos - 1) * width..n_pos * width].to_vec(),
        });
        Ok(())
    }
}

impl Job for DirectionJob {
    type Part = ();
    type Output = Vec<f32>;

    fn step(&mut self) -> Result<Step, EngineError> {
        let Some(mut run) = self.runs.pop() else { return Ok(Step::Done) };
        let is_done = run.step()? == Step::Done;
        // The layers after it need not run.
        if !is_done && self.hook.layer().is_some_and(|layer| run.progress().0 <= layer) {
            self.runs.push(run);
            return Ok(Step::More);
        }
        self.take(&run)?;
        if !self.runs.is_empty() {
            return Ok(Step::More);
        }
        self.direction = match self.read.as_slice() {
            [mean] => Some(mean.clone()),
            [to, from] => {
                let difference = to.iter().zip(from).map(|(to, from)| to - from).collect();
                Some(scaled_to(difference, self.length))
            }
            _ => None,
        };
        Ok(Step::Done)
    }

    fn progress(&self) -> Progress {
        Progress::blocks(self.runs.last().map_or((0, 1), Run::progress))
    }

    fn finish(self) -> Result<Vec<f32>, EngineError> {
        self.direction.ok_or_else(not_done)
    }
}

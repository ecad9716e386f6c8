//! A run as a source of what is inside beside attention: every question is a job over the run.

use crate::analysis::SourceError;
use crate::analysis::inside::direct::{Contrast, DirectSum};
use crate::analysis::inside::direction::DirectionAsked;
use crate::analysis::inside::head::{HeadAsked, HeadCircuits};
use crate::analysis::inside::lens::{LensAsked, LensTable};
use crate::analysis::inside::neuron::Neuron;
use crate::analysis::inside::path::Path;
use crate::analysis::inside::stream::StreamTable;
use crate::analysis::inside::value_zeroing::ValueZeroing;
use crate::analysis::inside::written::{Written, WrittenAsked};
use crate::analysis::inside::{InsideSource, Pass};
use crate::engine::error::EngineError;
use crate::engine::jobs::{
    DirectJob, DirectionJob, HeadJob, Job, LensJob, NeuronJob, PathJob, StreamJob, ValueZeroingJob, WrittenJob,
};
use crate::engine::run::{Run, Step};
use crate::trace::Attn;

impl InsideSource for Run {
    fn token_name(&self, id: u32) -> String {
        self.model().token_name(id)
    }

    fn first_token(&self, text: &str) -> Result<(u32, usize), SourceError> {
        Ok(self.model().first_token(text)?)
    }

    fn lens_name(&self, id: u32) -> String {
        self.model().lens_name(id)
    }

    fn lens_token(&self, text: &str) -> Result<(u32, usize), SourceError> {
        match self.model().spec().lens_labels() {
            Some(_) => Ok((self.model().label_index(text)? as u32, 1)),
            None => self.first_token(text),
        }
    }

    fn lens(&self, asked: LensAsked) -> Result<Box<dyn Pass<LensTable>>, SourceError> {
        passed(LensJob::new(self, asked))
    }

    fn stream(&self) -> Result<Box<dyn Pass<StreamTable>>, SourceError> {
        passed(StreamJob::new(self))
    }

    fn written(&self, asked: WrittenAsked) -> Result<Box<dyn Pass<Written>>, SourceError> {
        passed(WrittenJob::new(self, asked))
    }

    fn neuron(&self, layer: usize, neuron: usize, n_top: usize) -> Result<Box<dyn Pass<Neuron>>, SourceError> {
        passed(NeuronJob::new(self, layer, neuron, n_top))
    }

    fn head(&self, asked: HeadAsked) -> Result<Box<dyn Pass<HeadCircuits>>, SourceError> {
        passed(HeadJob::new(self.model(), asked))
    }

    fn path(&self, layer: usize, position: usize) -> Result<Box<dyn Pass<Path>>, SourceError> {
        passed(PathJob::new(self, layer, position))
    }

    fn value_zeroing(&self, layer: usize, attn: Attn) -> Result<Box<dyn Pass<ValueZeroing>>, SourceError> {
        passed(ValueZeroingJob::new(self, layer, attn))
    }

    fn direction(&self, asked: DirectionAsked) -> Result<Box<dyn Pass<Vec<f32>>>, SourceError> {
        passed(DirectionJob::new(self, asked))
    }

    fn direct(&self, contrast: Contrast, position: usize) -> Result<Box<dyn Pass<DirectSum>>, SourceError> {
        passed(DirectJob::new(self, contrast, position))
    }
}

/// A job whose driver knows no engine.
struct JobPass<J>(Option<J>);

impl<J: Job> Pass<J::Output> for JobPass<J> {
    fn step(&mut self) -> Result<Option<J::Output>, SourceError> {
        let Some(job) = &mut self.0 else { return Ok(None) };
        match job.step()? {
            Step::More => Ok(None),
            Step::Done => self.0.take().map(Job::finish).transpose().map_err(SourceError::from),
        }
    }

    fn progress(&self) -> Option<[usize; 2]> {
        self.0.as_ref().map(Job::progress).map(|at| [at.done, at.total])
    }
}

fn passed<J: Job + 'static>(job: Result<J, EngineError>) -> Result<Box<dyn Pass<J::Output>>, SourceError> {
    Ok(Box::new(JobPass(Some(job?))))
}

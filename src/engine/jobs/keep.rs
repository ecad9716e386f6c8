//! Only some links between tokens kept and all others ablated, and the other way round: the outcome with so many of a list of links
//! (docs/methods.md, "Few links").

use std::sync::Arc;

use super::exact::ExactJob;
use super::{Job, Progress, Unit, not_done};
use crate::analysis::links::Link;
use crate::engine::backward::Differentiated;
use crate::engine::edits::column_means;
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::{BlockSite, Hook};

/// Outcomes with some links.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptLinks {
    /// With all links.
    pub outcome: f64,
    /// With none of the candidates.
    pub none: f64,
    /// For each number of links: with these alone, and with all but these.
    pub points: Vec<[f64; 2]>,
}

/// Outcomes under way. Candidates are all links of the stack but the only one of a row.
#[derive(Debug)]
pub struct KeepJob {
    run: Arc<Run>,
    of: Differentiated,
    links: Vec<Link>,
    counts: Vec<usize>,
    /// The same run once more, for its means; none where z is 0 without links.
    running: Option<Box<Run>>,
    /// Of each layer, [n_heads · d_head].
    means: Vec<Arc<[f32]>>,
    exact: Option<ExactJob>,
}

impl KeepJob {
    /// Prepares the outcomes with the first `counts` of `links`. A head that keeps none at a position writes its mean over the
    /// positions of the run there, or nothing.
    ///
    /// # Errors
    /// When the model has two stacks, or there are no such links.
    pub fn new(
        run: Arc<Run>,
        of: Differentiated,
        links: Vec<Link>,
        counts: Vec<usize>,
        is_mean: bool,
    ) -> Result<Self, EngineError> {
        let refuse = |message: &str| Err(EngineError::Request(message.to_owned()));
        if run.source().is_some() {
            return refuse("links are kept in models of one stack: an encoder and a decoder have three attentions");
        }
        let (spec, n_pos) = (run.model().spec(), run.tokens().len());
        let lengths = [spec.n_layers, spec.n_heads, n_pos, n_pos];
        let is_there = |link: &Link| link.iter().zip(lengths).all(|(at, length)| (*at as usize) < length);
        if !links.iter().all(is_there) || counts.iter().any(|count| *count > links.len()) {
            return refuse("a link to be kept is not there");
        }
        let sites = (0..spec.n_layers).map(z);
        let running = is_mean.then(|| run.capturing(Captures::of(sites))).transpose()?.map(Box::new);
        Ok(Self { run, of, links, counts, running, means: Vec::new(), exact: None })
    }

    fn exact(&self) -> ExactJob {
        let spec = self.run.model().spec();
        let sizes = (spec.n_layers, spec.d_head);
        let with = |count: usize, keeps| self.run.edits.with_links(&self.links[..count], keeps, sizes, &self.means);
        let mut edits = vec![self.run.edits.clone(), with(0, true)];
        edits.extend(self.counts.iter().flat_map(|count| [with(*count, true), with(*count, false)]));
        // What is asked for is each outcome: its distance from 0.
        ExactJob::of_edits(Arc::clone(&self.run), self.of.clone(), 0.0, edits)
    }
}

/// The hook of what a layer's heads have read.
fn z(layer: usize) -> Hook {
    Hook::Block(layer, BlockSite::Z)
}

impl Job for KeepJob {
    type Part = ();
    type Output = KeptLinks;

    fn step(&mut self) -> Result<Step, EngineError> {
        if let Some(running) = &mut self.running {
            let (step, n_pos) = (running.step()?, running.tokens().len());
            while let Some(z) = running.captures().take(z(self.means.len())) {
                self.means.push(column_means(&z, z.len() / n_pos, n_pos).into());
            }
            if step == Step::Done {
                self.running = None;
            }
            return Ok(Step::More);
        }
        match &mut self.exact {
            Some(exact) => exact.step(),
            None => {
                self.exact = Some(self.exact());
                Ok(Step::More)
            }
        }
    }

    fn progress(&self) -> Progress {
        let total = 2 * self.counts.len() + 2;
        self.exact.as_ref().map_or(Progress { unit: Unit::SweepBlocks, done: 0, total }, Job::progress)
    }

    fn finish(self) -> Result<KeptLinks, EngineError> {
        let values = self.exact.ok_or_else(not_done)?.finish()?;
        let points = values[2..].chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
        Ok(KeptLinks { outcome: values[0], none: values[1], points })
    }
}

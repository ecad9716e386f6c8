//! Only some links between tokens kept and all others ablated, and the other way round: the outcome with so many of a list of links
//! (docs/methods.md, "Few links").

use std::collections::VecDeque;
use std::sync::Arc;

use super::exact::{ExactJob, StackEdits};
use super::{Job, Progress, Unit, not_done};
use crate::analysis::links::{Link, attention_at};
use crate::engine::backward::Differentiated;
use crate::engine::edits::{CompiledEdits, column_means};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::{AttnKind, BlockSite, Hook, Side, Stack};

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

/// Outcomes under way. Candidates are all links, of all attentions, but the only one of a row.
#[derive(Debug)]
pub struct KeepJob {
    run: Arc<Run>,
    of: Differentiated,
    links: Vec<Link>,
    counts: Vec<usize>,
    /// The same runs once more, for their means, that of the encoder last; none where z is 0 without links.
    running: Vec<Run>,
    /// Of each layer, [n_heads · d_head]: of the encoder's attention, the other stack's own, and that over the encoder.
    means: [Vec<Arc<[f32]>>; 3],
    exact: Option<ExactJob>,
}

impl KeepJob {
    /// Prepares the outcomes with the first `counts` of `links`. A head that keeps none at a position writes its mean over the
    /// positions of the run there, or nothing.
    ///
    /// # Errors
    /// When there are no such links.
    pub fn new(
        run: Arc<Run>,
        of: Differentiated,
        links: Vec<Link>,
        counts: Vec<usize>,
        is_mean: bool,
    ) -> Result<Self, EngineError> {
        let is_there = |link: &Link| {
            let (kind, layer) = attention_at(link[0], n_encoder(&run));
            let [queries, keys] = [kind.stack, kind.reads(Side::Key)].map(|stack| of_stack(&run, stack));
            let spec = queries.model().spec();
            let lengths = [spec.n_layers, spec.n_heads, queries.tokens().len(), keys.tokens().len()];
            let at = [layer, link[1] as usize, link[2] as usize, link[3] as usize];
            at.iter().zip(lengths).all(|(at, length)| *at < length)
        };
        if !links.iter().all(is_there) || counts.iter().any(|count| *count > links.len()) {
            return Err(EngineError::Request("a link to be kept is not there".to_owned()));
        }
        let recorded = |run: &Arc<Run>| {
            let layers = 0..run.model().spec().n_layers;
            run.capturing(Captures::of(layers.flat_map(|layer| SITES.map(|site| Hook::Block(layer, site)))))
        };
        let runs = [Some(&run), run.source()].into_iter().flatten().filter(|_| is_mean);
        let running = runs.map(recorded).collect::<Result<_, _>>()?;
        Ok(Self { run, of, links, counts, running, means: Default::default(), exact: None })
    }

    /// The edits in force, after which all links but the first `count` are ablated, or these alone.
    fn edits(&self, count: usize, keeps: bool) -> StackEdits {
        let n_encoder = n_encoder(&self.run);
        let with = |edits: &CompiledEdits, kind: AttnKind, means: usize| {
            let of_kind = |link: &Link| {
                let (own, layer) = attention_at(link[0], n_encoder);
                (own == kind).then(|| [layer as u32, link[1], link[2], link[3]])
            };
            let links: Vec<Link> = self.links[..count].iter().filter_map(of_kind).collect();
            let spec = of_stack(&self.run, kind.stack).model().spec();
            edits.with_links(kind.attn, &links, keeps, (spec.n_layers, spec.d_head), &self.means[means])
        };
        match self.run.source() {
            None => (None, with(&self.run.edits, AttnKind::ONLY, 1)),
            Some(source) => {
                let own = with(&self.run.edits, AttnKind::DECODER, 1);
                (Some(with(&source.edits, AttnKind::ENCODER, 0)), with(&own, AttnKind::CROSS, 2))
            }
        }
    }

    fn exact(&self) -> ExactJob {
        let mut edits = VecDeque::from([(None, self.run.edits.clone()), self.edits(0, true)]);
        edits.extend(self.counts.iter().flat_map(|count| [self.edits(*count, true), self.edits(*count, false)]));
        // What is asked for is each outcome: its distance from 0.
        ExactJob::of_edits(Arc::clone(&self.run), self.of.clone(), 0.0, edits)
    }
}

/// What a layer's heads have read, over the stack's own positions and over the encoder's.
const SITES: [BlockSite; 2] = [BlockSite::Z, BlockSite::CrossZ];

/// Layers of the encoder beside a run's stack.
fn n_encoder(run: &Run) -> Option<usize> {
    run.source().map(|source| source.model().spec().n_layers)
}

fn of_stack(run: &Run, stack: Option<Stack>) -> &Run {
    match (run.source(), stack) {
        (Some(source), Some(Stack::Encoder)) => source,
        _ => run,
    }
}

impl Job for KeepJob {
    type Part = ();
    type Output = KeptLinks;

    fn step(&mut self) -> Result<Step, EngineError> {
        let Self { running, means, .. } = self;
        // Of two runs the last is the encoder's.
        let first = if running.len() == 2 { 0 } else { 1 };
        if let Some(run) = running.last_mut() {
            let (step, n_pos) = (run.step()?, run.tokens().len());
            for (means, site) in means[first..].iter_mut().zip(SITES) {
                while let Some(z) = run.captures().take(Hook::Block(means.len(), site)) {
                    means.push(column_means(&z, z.len() / n_pos, n_pos).into());
                }
            }
            if step == Step::Done {
                running.pop();
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

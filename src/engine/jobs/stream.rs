//! The stream of a finished run as numbers: the input is run once more, so that what attention and MLP add is there too. Of each layer
//! only norms are kept.

use super::{Job, Progress, not_done};
use crate::analysis::inside::stream::{StreamTable, norms};
use crate::engine::error::EngineError;
use crate::engine::hooks::Captures;
use crate::engine::run::{Run, Step};
use crate::trace::spec::NormPlacement;
use crate::trace::{BlockSite, Hook};

/// The numbers under way.
#[derive(Debug)]
pub struct StreamJob {
    /// The same run, with captures.
    run: Run,
    /// How many layers' norms are made.
    n_done: usize,
    table: StreamTable,
    /// The stream leaving the last layer, [pos, d_model].
    last: Vec<f32>,
}

/// What attention adds to the stream: its own, and that of attention to an encoder.
const ATTN: [BlockSite; 2] = [BlockSite::AttnOut, BlockSite::CrossAttnOut];

impl StreamJob {
    /// Prepares the numbers of a finished run.
    ///
    /// # Errors
    /// When the run is not done.
    pub fn new(run: &Run) -> Result<Self, EngineError> {
        let n_layers = run.model().spec().n_layers;
        let sites = ATTN.into_iter().chain([BlockSite::MlpOut]);
        let added = (0..n_layers).flat_map(|layer| sites.clone().map(move |site| Hook::Block(layer, site)));
        let captures = Captures::of(added.chain([leaving(run)]));
        Ok(Self { run: run.capturing(captures)?, n_done: 0, table: StreamTable::default(), last: Vec::new() })
    }

    /// Reduces what a layer that is done has added.
    fn reduce(&mut self) {
        let (layer, d_model) = (self.n_done, self.run.model().spec().d_model);
        let mut attn_out = self.run.captures().take(Hook::Block(layer, ATTN[0])).unwrap_or_default();
        if let Some(cross) = self.run.captures().take(Hook::Block(layer, ATTN[1])) {
            attn_out.iter_mut().zip(cross).for_each(|(value, more)| *value += more);
        }
        self.table.attn_norms.extend(norms(&attn_out, d_model));
        if let Some(mlp_out) = self.run.captures().take(Hook::Block(layer, BlockSite::MlpOut)) {
            self.table.mlp_norms.extend(norms(&mlp_out, d_model));
        }
        self.n_done += 1;
    }
}

/// The hook that the stream passes when it leaves the last layer.
fn leaving(run: &Run) -> Hook {
    let spec = run.model().spec();
    let site = match spec.norm_placement {
        NormPlacement::Post => BlockSite::NormalizedResidPost,
        _ => BlockSite::ResidPost,
    };
    Hook::Block(spec.n_layers - 1, site)
}

impl Job for StreamJob {
    type Part = ();
    type Output = StreamTable;

    fn step(&mut self) -> Result<Step, EngineError> {
        let step = self.run.step()?;
        while self.n_done < self.run.progress().0 {
            self.reduce();
        }
        if step == Step::Done {
            let hook = leaving(&self.run);
            self.last = self.run.captures().take(hook).unwrap_or(std::mem::take(&mut self.last));
        }
        Ok(step)
    }

    fn progress(&self) -> Progress {
        Progress::blocks(self.run.progress())
    }

    fn finish(self) -> Result<StreamTable, EngineError> {
        if self.last.is_empty() {
            return Err(not_done());
        }
        let n_layers = self.run.model().spec().n_layers;
        let layers = (0..n_layers).map(|layer| self.run.layer(layer)).collect::<Result<Vec<_>, _>>()?;
        let streams: Vec<&[f32]> =
            layers.iter().map(|layer| layer.resid_pre.as_slice()).chain([self.last.as_slice()]).collect();
        let of_streams = StreamTable::of_streams(&streams, self.run.tokens().len());
        let StreamTable { attn_norms, mlp_norms, .. } = self.table;
        Ok(StreamTable { attn_norms, mlp_norms, ..of_streams })
    }
}

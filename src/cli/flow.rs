//! `headlight flow`: how content moves from position to position, layer by layer, as a safetensors file.

use super::CliError;
use super::args::{FlowArgs, FlowKind};
use super::outfile::OutFile;
use super::subject::Subject;
use crate::analysis::AttentionSource;
use crate::analysis::inside::rollout::Rollout;
use crate::engine::jobs::{ValueZeroingJob, complete};
use crate::engine::{EngineError, Run};
use crate::trace::file::{Element, TensorPlan, TraceMetadata, TraceWriter};
use crate::trace::{Attn, Tokens};

/// One attention of a run, and how its tensors are called.
struct Part<'a> {
    prefix: &'static str,
    run: &'a Run,
    attn: Attn,
}

/// Runs the command.
pub(super) fn run(args: &FlowArgs) -> Result<(), CliError> {
    let subject = Subject::open(&args.subject)?;
    let out = OutFile::create(&args.out, &subject.paths)?;
    let run = subject.read(&args.subject)?;
    let parts = parts(&run, args.kind);
    let mut writer =
        TraceWriter::new(out.writer()?, &metadata(&run), parts.iter().flat_map(|p| p.plan(args.kind)).collect())?;
    for part in &parts {
        let mut rollout = Rollout::default();
        for layer in 0..part.run.model().spec().n_layers {
            let flow = match args.kind {
                FlowKind::Rollout => next_layer(&mut rollout, part.run)?,
                FlowKind::ValueZeroing => complete(ValueZeroingJob::new(part.run, layer, part.attn)?)?.shares,
            };
            writer.write_floats(&part.name(args.kind, layer), &flow)?;
        }
    }
    writer.finish()?;
    out.keep()
}

/// The attentions that a kind of flow is defined for: rollout mixes each position with itself, which cross-attention cannot.
fn parts(run: &Run, kind: FlowKind) -> Vec<Part<'_>> {
    let Some(source) = run.source() else {
        return vec![Part { prefix: "", run, attn: Attn::Own }];
    };
    let own =
        [Part { prefix: "encoder.", run: source, attn: Attn::Own }, Part { prefix: "decoder.", run, attn: Attn::Own }];
    let cross = (kind == FlowKind::ValueZeroing).then_some(Part { prefix: "cross.", run, attn: Attn::Cross });
    own.into_iter().chain(cross).collect()
}

fn next_layer(rollout: &mut Rollout, run: &Run) -> Result<Vec<f32>, EngineError> {
    loop {
        let step = rollout.step(run).map_err(|error| EngineError::Request(error.to_string()))?;
        if let Some(layer) = step {
            return Ok(layer);
        }
    }
}

/// What a file about a run says of it.
pub(super) fn metadata(run: &Run) -> TraceMetadata {
    let read: &Tokens = run.source().map_or(run.tokens(), |source| source.tokens());
    TraceMetadata {
        decoder_tokens: run.source().map(|_| run.tokens().tokens.clone()),
        segments: read.segments.clone(),
        spec: Some(run.model().spec().clone()),
        ..TraceMetadata::of_tokens(read.tokens.clone(), read.form)
    }
}

impl Part<'_> {
    fn name(&self, kind: FlowKind, layer: usize) -> String {
        format!("{}{}.{layer}", self.prefix, kind.name())
    }

    /// The tensors to come, [query_pos, key_pos] each.
    fn plan(&self, kind: FlowKind) -> Vec<TensorPlan> {
        let sizes = self.run.sizes();
        let n_key = match self.attn {
            Attn::Own => sizes.n_key,
            Attn::Cross => self.run.source().map_or(0, |source| source.tokens().len()),
        };
        let plan = |layer| TensorPlan {
            name: self.name(kind, layer),
            element: Element::F32,
            shape: vec![sizes.n_query, n_key],
        };
        (0..sizes.n_layers).map(plan).collect()
    }
}

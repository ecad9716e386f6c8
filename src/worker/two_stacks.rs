//! Encoder-decoder models: the encoder's run, then the decoder's on a target that is given or that it writes itself.

use std::sync::Arc;

use super::runs::named;
use super::{Stop, Worker};
use crate::analysis::AttentionSource;
use crate::edit::Edit;
use crate::engine::{
    Captures, CompiledEdits, CrossSource, EngineError, Generation, Inactive, Model, PatchValues, Run, Step, Written,
    max_target, most_likely,
};
use crate::platform::clock::now_ms;
use crate::protocol::{About, RequestId, RunId, Stage, TargetAsked, TargetRead};
use crate::trace::{Attn, AttnKind, Lengths, Stack, Tokens};

/// Positions whose logits are made at a time.
const PREDICTED_ROWS: usize = 8;

impl Worker {
    /// Reads a source and its target. Returns the decoder's run, which holds the encoder's, and the time it took.
    pub(super) async fn run_two_stacks(
        &mut self,
        request: RequestId,
        (model, encoder): (&Arc<Model>, &Arc<Model>),
        source: Tokens,
        (target, cut): (&TargetAsked, bool),
        edits: &[Edit],
    ) -> Result<(Run, f64), Stop> {
        let is_generated = *target == TargetAsked::Generated;
        let mut target = match target {
            TargetAsked::Generated => model.start()?,
            TargetAsked::Text(text) => model.encode_target(text)?,
            TargetAsked::Ids(ids) => model.tokens_from_ids(ids)?,
        };
        if cut {
            target.cut_to(model.spec().n_ctx);
        }
        let n_source = source.len();
        let bind = |stack, n_pos| {
            let lengths = Lengths { n_pos, n_source };
            CompiledEdits::bind_strictly(edits, model.spec(), Some(stack), lengths, &PatchValues::default())
                .map_err(EngineError::from)
        };
        let (reading, writing) = (bind(Stack::Encoder, n_source)?, bind(Stack::Decoder, target.len())?);
        let n_encoder = encoder.spec().n_layers;
        let n_blocks = n_encoder + model.spec().n_layers;
        let mut run = Run::new(Arc::clone(encoder), source, reading, Captures::none())?;
        let mut elapsed_ms = self.complete_part(request, &mut run, (0, n_blocks)).await?;
        let mut run = Run::decode(Arc::clone(model), Arc::new(run), target, writing, Captures::none())?;
        elapsed_ms += self.complete_part(request, &mut run, (n_encoder, n_blocks)).await?;
        if is_generated {
            elapsed_ms += self.write_target(request, &mut run).await?;
        }
        Ok((run, elapsed_ms))
    }

    /// Runs to the end; `n_before` blocks of `n_blocks` were done before.
    async fn complete_part(
        &mut self,
        request: RequestId,
        run: &mut Run,
        (n_before, n_blocks): (usize, usize),
    ) -> Result<f64, Stop> {
        let mut elapsed_ms = 0.0;
        loop {
            let start_ms = now_ms();
            let step = run.step()?;
            elapsed_ms += now_ms() - start_ms;
            let (done, _) = run.progress();
            self.outbox.progress(request, Stage::Run, (n_before + done) as u64, n_blocks as u64);
            self.breathe(request).await?;
            if step == Step::Done {
                return Ok(elapsed_ms);
            }
        }
    }

    /// Lets a decoder write what is most likely, until it ends the text or has written enough.
    async fn write_target(&mut self, request: RequestId, run: &mut Run) -> Result<f64, Stop> {
        let n_start = run.tokens().len();
        let mut generation = Generation::of_target(run.model(), n_start, None)?;
        let n_most = max_target(run.model(), n_start) as u64;
        let mut elapsed_ms = 0.0;
        loop {
            let start_ms = now_ms();
            let written = generation.step(run)?;
            elapsed_ms += now_ms() - start_ms;
            match written {
                Written::End => return Ok(elapsed_ms),
                Written::Token(_) => {
                    self.outbox.progress(request, Stage::Write, run.tokens().len() as u64, n_most);
                }
                Written::Nothing => {}
            }
            self.breathe(request).await?;
        }
    }

    /// What a run's model read: by the encoder, and by the decoder with what it predicts there.
    pub(super) async fn read_by(
        &mut self,
        request: RequestId,
        run: &Run,
        is_generated: bool,
    ) -> Result<(Tokens, Option<TargetRead>), Stop> {
        let Some(source) = run.source() else { return Ok((run.tokens().clone(), None)) };
        let tokens = run.tokens().clone();
        let mut predicted = Vec::with_capacity(tokens.len());
        for start in (0..tokens.len()).step_by(PREDICTED_ROWS) {
            let rows = start..(start + PREDICTED_ROWS).min(tokens.len());
            predicted.extend(most_likely(run, rows)?.into_iter().map(|top| named(run, top)));
            self.breathe(request).await?;
        }
        Ok((source.tokens().clone(), Some(TargetRead { tokens, is_generated, predicted })))
    }
}

/// What a decoder reads under some edits.
pub(super) struct SourceAgain {
    /// The encoder's run.
    pub run: Arc<Run>,
    /// Whether an edit acts in it, so that it is not the one before.
    pub is_new: bool,
    /// Edits of the encoder that do not act.
    pub inactive: Vec<Inactive>,
}

impl Worker {
    /// The encoder's run of a base under the edits that name the encoder; `None` for models of one stack.
    pub(super) async fn source_again(
        &mut self,
        request: RequestId,
        base: RunId,
        edits: &[Edit],
    ) -> Result<Option<SourceAgain>, Stop> {
        let base = self.find_run(base)?;
        let (Some(source), model) = (base.source().cloned(), Arc::clone(base.model())) else { return Ok(None) };
        let lengths = Lengths { n_pos: source.tokens().len(), n_source: source.tokens().len() };
        let values = PatchValues::default();
        let bound = CompiledEdits::bind_each(edits, model.spec(), Some(Stack::Encoder), lengths, &values);
        // Those that name no stack are told of with the decoder's.
        let is_its = |index: usize| edits.get(index).is_some_and(|edit| edit.stack == Some(Stack::Encoder));
        let inactive: Vec<Inactive> = bound.inactive.into_iter().filter(|inactive| is_its(inactive.index)).collect();
        let is_new = edits.iter().any(|edit| edit.on && edit.stack == Some(Stack::Encoder));
        if !is_new {
            return Ok(Some(SourceAgain { run: source, is_new, inactive }));
        }
        let mut run = source.again(bound.edits, Captures::none())?;
        self.complete(request, &mut run).await?;
        Ok(Some(SourceAgain { run: Arc::new(run), is_new, inactive }))
    }
}

/// One of a run's attentions, for views to ask.
pub(super) enum Attention<'a> {
    /// Of a run's own tokens.
    Own(&'a Run),
    /// Of a decoder to its encoder.
    Cross(CrossSource<'a>),
}

impl<'a> Attention<'a> {
    /// The one that is asked for.
    pub fn of(run: &'a Run, kind: AttnKind) -> Result<Self, Stop> {
        let found = match (kind.stack, kind.attn) {
            (None, Attn::Own) if run.source().is_none() => Some(Attention::Own(run)),
            (Some(Stack::Encoder), Attn::Own) => run.source().map(|source| Attention::Own(source)),
            (Some(Stack::Decoder), Attn::Own) => run.source().map(|_| Attention::Own(run)),
            (Some(Stack::Decoder), Attn::Cross) => CrossSource::of(run).map(Attention::Cross),
            _ => None,
        };
        found.ok_or_else(|| Stop::failed(About::Request, "this model has no such attention"))
    }

    /// As what answers.
    pub fn source(&self) -> &dyn AttentionSource {
        match self {
            Attention::Own(run) => *run,
            Attention::Cross(cross) => cross,
        }
    }
}

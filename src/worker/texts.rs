//! Texts to tokens, and what is asked of texts rather than of heads: losses, likeness.

use std::sync::Arc;

use super::{Stop, Worker};
use crate::analysis::similarity::{cosine, mean_pooled};
use crate::engine::{Bos, Captures, CompiledEdits, EngineError, Model, Run, Step};
use crate::protocol::{About, FromWorker, Input, InputText, RequestId, RunId, Stage};
use crate::trace::Tokens;

/// Positions whose logits are made at a time.
const LOSS_ROWS: usize = 8;

/// What an input is read as, with its text as the model saw it.
pub(super) fn tokens(model: &Model, input: &Input) -> Result<(Tokens, String), EngineError> {
    let bos = match input.bos {
        None => Bos::AsTokenizer,
        Some(true) => Bos::On,
        Some(false) => Bos::Off,
    };
    let (tokens, text) = match &input.text {
        InputText::Single(text) => (model.encode(text, None)?, text.clone()),
        InputText::Pair(text, pair) => (model.encode(text, Some(pair))?, format!("{text} {pair}")),
        InputText::Ids(ids) => return Ok((model.tokens_from_ids(ids)?, String::new())),
        InputText::RandomBlock { n_tokens, seed } => {
            let tokens = model.random_block(*n_tokens as usize, u64::from(*seed), bos)?;
            return Ok((tokens, String::new()));
        }
    };
    Ok((model.with_bos(tokens, bos)?, text))
}

impl Worker {
    pub(super) fn tokenize(&mut self, request: RequestId, input: &Input) -> Result<(), Stop> {
        let (tokens, _) = tokens(self.model()?, input)?;
        self.outbox.say(&FromWorker::Tokenized { request, tokens });
        Ok(())
    }

    pub(super) async fn token_losses(&mut self, request: RequestId, run: RunId) -> Result<(), Stop> {
        let n_pos = self.find_run(run)?.tokens().len();
        let mut losses = Vec::with_capacity(n_pos);
        for start in (0..n_pos).step_by(LOSS_ROWS) {
            losses.extend(self.find_run(run)?.token_losses(start..(start + LOSS_ROWS).min(n_pos))?);
            self.breathe(request).await?;
        }
        self.outbox.say_with(&FromWorker::TokenLosses { request, run }, &[&losses]);
        Ok(())
    }

    pub(super) async fn similarity(&mut self, request: RequestId, first: &Input, second: &Input) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let mut pooled = Vec::new();
        for input in [first, second] {
            let (mut tokens, _) = tokens(&model, input)?;
            if input.cut {
                tokens.cut_to(model.spec().n_ctx);
            }
            let mut run = Run::new(Arc::clone(&model), tokens, CompiledEdits::none(), Captures::none())?;
            while run.step()? == Step::More {
                let (done, total) = run.progress();
                self.outbox.progress(request, Stage::Run, done as u64, total as u64);
                self.breathe(request).await?;
            }
            pooled.push(mean_pooled(run.final_stream(), model.spec().d_model));
        }
        let cosine = cosine(&pooled[0], &pooled[1]);
        let cosine = cosine.ok_or_else(|| Stop::failed(About::Request, "an embedding has no length"))?;
        self.outbox.say(&FromWorker::Similarity { request, cosine });
        Ok(())
    }
}

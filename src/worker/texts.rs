//! Texts to tokens, and questions about words rather than heads: losses, similarity.

use std::sync::Arc;

use super::{Stop, Worker};
use crate::analysis::similarity::{cosine, mean_pooled};
use crate::engine::{Bos, Captures, CompiledEdits, EngineError, Model, Run, Step};
use crate::protocol::{About, Answer, FromWorker, Input, InputText, RequestId, RunId, Stage};
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
        self.outbox.say_with(&FromWorker::Answered { request, run, answer: Answer::Losses }, &[&losses]);
        Ok(())
    }

    /// How alike two texts are under the edits of a run; edits that do not fit a text are left out.
    pub(super) async fn similarity(&mut self, request: RequestId, run: RunId, texts: [&Input; 2]) -> Result<(), Stop> {
        let model = Arc::clone(self.find_run(run)?.model());
        let edits = self.edits.get(&run).cloned().unwrap_or_default();
        let mut pooled = Vec::new();
        for input in texts {
            let (mut tokens, _) = tokens(&model, input)?;
            if input.cut {
                tokens.cut_to(model.spec().n_ctx);
            }
            let n_pos = tokens.len();
            let patches = self.patch_values(request, &edits, n_pos).await?;
            let bound = CompiledEdits::bind_each(&edits, model.spec(), None, n_pos.into(), &patches);
            let mut run = Run::new(Arc::clone(&model), tokens, bound.edits, Captures::none())?;
            while run.step()? == Step::More {
                let (done, total) = run.progress();
                self.outbox.progress(request, Stage::Run, done as u64, total as u64);
                self.breathe(request).await?;
            }
            pooled.push(mean_pooled(run.final_stream(), model.spec().d_model));
        }
        let cosine = cosine(&pooled[0], &pooled[1]);
        let cosine = cosine.ok_or_else(|| Stop::failed(About::Request, "an embedding has no length"))?;
        self.outbox.say(&FromWorker::Answered { request, run, answer: Answer::Similarity { cosine } });
        Ok(())
    }
}

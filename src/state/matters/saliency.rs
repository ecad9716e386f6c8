//! Which tokens an outcome rests on, as the page shows it.

use std::sync::Arc;

use crate::protocol::{OutcomeAsked, Question, RequestId, SaliencyAnswer};
use crate::state::State;
use crate::state::requests::{Purpose, Waiting};
use crate::trace::Tokens;

/// The tokens of all texts with what they count for.
#[derive(Clone, Debug, PartialEq)]
pub struct SaliencyNumbers {
    /// The result that this is about.
    result: RequestId,
    /// The outcome.
    pub outcome: f32,
    /// One text; two of an encoder and its decoder, or of a cosine.
    pub texts: Vec<SaliencyText>,
    /// What integrated gradients leave over: of all texts together, or of each text of a cosine.
    pub remainders: Vec<f32>,
    /// Steps of the path.
    pub n_steps: u32,
    /// The token whose embedding the path begins with; nothing for the mean of all.
    pub baseline: Option<String>,
}

/// One text's tokens, with a number each.
#[derive(Clone, Debug, PartialEq)]
pub struct SaliencyText {
    /// The tokens.
    pub tokens: Tokens,
    /// Gradient · embedding. [pos]
    pub product: Vec<f32>,
    /// Length of the gradient. [pos]
    pub norm: Vec<f32>,
    /// Integrated gradients. [pos]
    pub integrated: Vec<f32>,
}

impl SaliencyNumbers {
    /// Takes an answer; nothing where its buffers do not fit.
    fn new(result: RequestId, answer: SaliencyAnswer, buffers: Vec<Vec<f32>>) -> Option<Self> {
        let SaliencyAnswer { outcome, texts, remainders, n_steps, baseline } = answer;
        if buffers.len() != 3 * texts.len() || remainders.is_empty() {
            return None;
        }
        let mut buffers = buffers.into_iter();
        let text = |tokens: Tokens| {
            let mut next = || buffers.next().filter(|values| values.len() == tokens.len());
            let (product, norm, integrated) = (next()?, next()?, next()?);
            Some(SaliencyText { product, norm, integrated, tokens })
        };
        let texts = texts.into_iter().map(text).collect::<Option<_>>()?;
        Some(Self { result, outcome, texts, remainders, n_steps, baseline })
    }
}

impl State {
    /// Which tokens the present outcome of the present result rests on, where that is known.
    pub fn saliency(&self) -> Option<&Arc<SaliencyNumbers>> {
        let slot = &self.matters.saliency;
        let about = Purpose::Question(Question::Saliency(self.editing.asked.clone()));
        let result = self.shown.as_ref()?.request;
        slot.value().filter(|numbers| slot.about() == Some(&about) && numbers.result == result)
    }

    /// Takes what tokens count for.
    pub(in crate::state) fn saliency_came(
        &mut self,
        outcome: OutcomeAsked,
        answer: SaliencyAnswer,
        buffers: Vec<Vec<f32>>,
    ) {
        let purpose = Purpose::Question(Question::Saliency(outcome));
        let result = self.shown.as_ref().map_or(0, |shown| shown.request);
        match SaliencyNumbers::new(result, answer, buffers) {
            Some(numbers) => self.matters.saliency.fill(purpose, Arc::new(numbers)),
            None => {
                let problem = "The numbers of the tokens arrived in an unexpected shape.".to_owned();
                self.matters.saliency.give_up(&purpose, Some(problem));
            }
        }
    }
}

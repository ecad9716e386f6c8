//! From the stream to logits: of the whole vocabulary at once, or a piece of it at a time.

use std::ops::Range;
use std::sync::Arc;

use super::parts::add_bias;
use super::{Model, Weight};
use crate::analysis::inside::NO_UNEMBEDDING;
use crate::engine::error::EngineError;
use crate::kernels::{PackedRows, activation};
use crate::trace::spec::Unembed;

impl Model {
    /// Logits [n_rows, d_vocab] of rows of the last stream [n_rows, d_model]: `ln_final.hook_out`, or a post-norm
    /// model's last `hook_normalized_resid_post`.
    ///
    /// # Errors
    /// When the checkpoint has no unembedding.
    pub fn unembed(&self, stream: &[f32]) -> Result<Vec<f32>, EngineError> {
        let packed = self.head_input(stream)?;
        let weight = self.unembedding();
        let mut logits = weight.matmul(&packed, 0..weight.n_in());
        self.finish_logits(0, &mut logits, weight.n_out());
        Ok(logits)
    }

    /// Whether the checkpoint predicts tokens.
    ///
    /// # Errors
    /// A sentence where it does not.
    pub fn expect_unembedding(&self) -> Result<(), EngineError> {
        match self.spec.unembed {
            Unembed::None => Err(EngineError::Request(NO_UNEMBEDDING.to_owned())),
            _ => Ok(()),
        }
    }

    /// What the rows of the unembedding are multiplied with, from rows of the last stream [n_rows, d_model]: through the
    /// masked-word head, the projection and the scale, where the model has these.
    ///
    /// # Errors
    /// When the checkpoint has no unembedding.
    pub(in crate::engine) fn head_input(&self, stream: &[f32]) -> Result<PackedRows, EngineError> {
        self.expect_unembedding()?;
        let mut stream = stream.to_vec();
        if let Some((dense, norm)) = &self.masked_word_head {
            let mut hidden = dense.apply(&stream);
            let (activate, _) = Self::kernels_of(self.spec.head_activation.unwrap_or(self.spec.activation));
            activate(&mut hidden);
            stream = self.norm(norm, &hidden);
        }
        Ok(self.unembed_input(stream))
    }

    /// The reverse of [`Model::head_input`]: from gradients by what the rows of the unembedding are multiplied with to those by rows
    /// of the last stream, `stream` [n_rows, d_model].
    pub(in crate::engine) fn head_input_reverse(&self, stream: &[f32], mut grad: Vec<f32>) -> Vec<f32> {
        if let Some(scale) = self.spec.logit_scale {
            grad.iter_mut().for_each(|value| *value *= scale as f32);
        }
        if let Some(project) = &self.unembed_project {
            grad = project.reverse(&grad);
        }
        let Some((dense, norm)) = &self.masked_word_head else { return grad };
        let activation = self.spec.head_activation.unwrap_or(self.spec.activation);
        let mut slope = dense.apply(stream);
        let mut hidden = slope.clone();
        Self::kernels_of(activation).0(&mut hidden);
        self.norm_reverse(norm, &hidden, &mut grad);
        Self::slope_of(activation)(&mut slope);
        grad.iter_mut().zip(&slope).for_each(|(grad, slope)| *grad *= slope);
        dense.reverse(&grad)
    }

    /// The reverse of the soft cap on logits, for gradients by some of them: in place, `logits` as capped.
    pub(in crate::engine) fn logits_reverse(&self, logits: &[f32], grad: &mut [f32]) {
        if let Some(cap) = self.spec.logit_softcap {
            activation::soft_cap_reverse(logits, cap as f32, grad);
        }
    }

    /// The last steps of [`Model::head_input`], all of which are linear: the projection and the scale.
    pub(in crate::engine) fn unembed_input(&self, mut stream: Vec<f32>) -> PackedRows {
        if let Some(project) = &self.unembed_project {
            stream = project.apply(&stream);
        }
        if let Some(scale) = self.spec.logit_scale {
            stream.iter_mut().for_each(|value| *value *= scale as f32);
        }
        let width = self.unembedding().n_in();
        PackedRows::pack(&stream, width, 0..width)
    }

    /// Logits [n_rows, ids.len()] of some tokens, from what [`Model::head_input`] gives; the first id is a multiple of
    /// [`Weight::ROW_UNIT`].
    pub(in crate::engine) fn logits_of(&self, input: &PackedRows, ids: Range<usize>) -> Vec<f32> {
        let mut logits = self.unembedding().matmul_outputs(input, ids.clone());
        self.finish_logits(ids.start, &mut logits, ids.len());
        logits
    }

    /// The rows of tokens: the matrix of its own, or the embedding's.
    pub(in crate::engine) fn unembedding(&self) -> &Arc<Weight> {
        self.unembed.as_ref().unwrap_or(&self.embed)
    }

    /// The logit lens' reading of rows of the stream entering a block [n_rows, d_model]: through the final norm, where the model has
    /// one. A post-norm model's stream is normalised already.
    pub(in crate::engine) fn final_normed(&self, stream: &[f32]) -> Vec<f32> {
        match &self.final_norm {
            Some(norm) => self.norm(norm, stream),
            None => stream.to_vec(),
        }
    }

    /// Bias and soft-cap of logits [n_rows, width] of tokens from `first_id` on.
    fn finish_logits(&self, first_id: usize, logits: &mut [f32], width: usize) {
        if let Some(bias) = self.unembed_bias.as_ref().and_then(|bias| bias.get(first_id..first_id + width)) {
            add_bias(logits, bias);
        }
        if let Some(cap) = self.spec.logit_softcap {
            activation::soft_cap(logits, cap as f32);
        }
    }
}

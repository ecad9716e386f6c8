//! The head of a classifier: from rows of the final stream to the logits of labels.

use std::sync::Arc;

use super::Model;
use super::parts::{Linear, Norm};
use crate::engine::error::EngineError;
use crate::engine::weights::Weight;
use crate::trace::Tokens;
use crate::trace::spec::{LabelHead, LabelReads};

/// What the head is made of.
#[derive(Debug)]
pub(in crate::engine) struct LabelLayers {
    /// [d_model, d_model], before the nonlinearity.
    pub dense: Option<Linear>,
    /// After the nonlinearity.
    pub norm: Option<Norm>,
    /// [n_labels, d_model]
    pub out: Linear,
}

impl LabelLayers {
    /// Every matrix.
    pub fn weights(&self) -> impl Iterator<Item = &Arc<Weight>> {
        self.dense.iter().chain([&self.out]).map(|linear| &linear.weight)
    }
}

impl Model {
    /// The head that gives labels.
    ///
    /// # Errors
    /// A sentence where the model has none.
    pub fn expect_labels(&self) -> Result<&LabelHead, EngineError> {
        let missing = || EngineError::Request("this model gives no labels: it has no head of a classifier".to_owned());
        self.spec.labels.as_ref().ok_or_else(missing)
    }

    /// Logits [n_rows, n_labels] of rows [n_rows, d_model] that the head reads.
    ///
    /// # Errors
    /// When the model gives no labels.
    pub(in crate::engine) fn label_logits(&self, rows: &[f32]) -> Result<Vec<f32>, EngineError> {
        let head = self.expect_labels()?;
        let Some(layers) = &self.label_layers else { return Ok(Vec::new()) };
        let Some(dense) = &layers.dense else { return Ok(layers.out.apply(rows)) };
        let mut hidden = dense.apply(rows);
        if let Some(activation) = head.activation {
            let (activate, _) = Self::kernels_of(activation);
            activate(&mut hidden);
        }
        if let Some(norm) = &layers.norm {
            hidden = self.norm(norm, &hidden);
        }
        Ok(layers.out.apply(&hidden))
    }

    /// The reverse of [`Model::label_logits`]: gradients by the rows that the head reads [n_rows, d_model] from those by its logits.
    pub(in crate::engine) fn label_logits_reverse(&self, rows: &[f32], grad: &[f32]) -> Vec<f32> {
        let (Some(layers), Some(head)) = (&self.label_layers, &self.spec.labels) else { return vec![0.0; rows.len()] };
        let mut grad = layers.out.reverse(grad);
        let Some(dense) = &layers.dense else { return grad };
        let mut hidden = dense.apply(rows);
        let mut slope = hidden.clone();
        if let Some(activation) = head.activation {
            Self::kernels_of(activation).0(&mut hidden);
        }
        if let Some(norm) = &layers.norm {
            self.norm_reverse(norm, &hidden, &mut grad);
        }
        if let Some(activation) = head.activation {
            Self::slope_of(activation)(&mut slope);
            grad.iter_mut().zip(&slope).for_each(|(grad, slope)| *grad *= slope);
        }
        dense.reverse(&grad)
    }

    /// The index of a label by its name, in any case.
    ///
    /// # Errors
    /// When there is no such label; the error names those that there are.
    pub fn label_index(&self, name: &str) -> Result<usize, EngineError> {
        let head = self.expect_labels()?;
        head.index_of(name).ok_or_else(|| {
            let n_more = head.names.len().saturating_sub(20);
            let more = if n_more > 0 { format!(" and {n_more} more") } else { String::new() };
            let names = head.names.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
            EngineError::Request(format!("\"{name}\" is not a label of this model: {names}{more}"))
        })
    }

    /// What the lens tells apart is called: a token, or where the model gives labels alone a label.
    pub fn lens_name(&self, id: u32) -> String {
        let label = self.spec.lens_labels().map(|head| head.names.get(id as usize).cloned());
        label.unwrap_or_else(|| Some(self.token_name(id))).unwrap_or_else(|| id.to_string())
    }

    /// What the decoder of a classifier with two stacks reads of a text: its start token, then the text without its last token.
    /// `None` for any other model.
    pub(in crate::engine) fn label_target(&self, source: &Tokens) -> Result<Option<Tokens>, EngineError> {
        let Some(LabelHead { reads: LabelReads::LastId { .. }, .. }) = &self.spec.labels else { return Ok(None) };
        let mut target = self.start()?;
        for index in 0..source.len().saturating_sub(1) {
            target.push(source, index);
        }
        Ok(Some(target))
    }
}

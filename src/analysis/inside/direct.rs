//! Direct attribution (Elhage et al. 2021): the outcome as a sum over what each component wrote into the stream (docs/methods.md,
//! "Direct attribution").

use super::NO_UNEMBEDDING;
use crate::trace::Spec;
use crate::trace::spec::{NormKind, NormPlacement, Unembed};

/// The tokens between which the outcome is a difference: the mean logit of the answers minus that of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contrast {
    /// Ids of tokens whose mean logit counts.
    pub answers: Vec<u32>,
    /// Ids of tokens whose mean logit is subtracted; none for the answers' logit alone.
    pub others: Vec<u32>,
}

impl Contrast {
    /// Each token with the factor on its logit.
    pub fn weights(&self) -> Vec<(u32, f64)> {
        let mean = |ids: &[u32], sign: f64| {
            let factor = sign / ids.len().max(1) as f64;
            ids.iter().map(|&id| (id, factor)).collect::<Vec<_>>()
        };
        [mean(&self.answers, 1.0), mean(&self.others, -1.0)].concat()
    }
}

/// Why the outcome of a model is not the sum of what its components wrote; `None` where it is.
pub fn refusal(spec: &Spec) -> Option<&'static str> {
    match (spec.unembed, spec.norm_placement) {
        (Unembed::None, _) => Some(NO_UNEMBEDDING),
        (_, NormPlacement::Post) => Some(
            "each block of this model normalises the sum, so what earlier components wrote is rescaled again and again: \
             the logit is not a sum over them",
        ),
        (_, NormPlacement::PreAndOutput | NormPlacement::Output) => Some(
            "this model normalises what attention and MLP write before it reaches the stream: the logit is not a sum over \
             heads and neurons",
        ),
        (Unembed::MaskedWord { .. }, _) => {
            Some("the masked-word head of this model is not linear: the logit is not a sum over components")
        }
        (Unembed::Linear { .. }, NormPlacement::Pre) => spec
            .logit_softcap
            .map(|_| "this model caps its logits, which is not linear: the logit is not a sum over components"),
    }
}

/// What a vector in the stream adds to the outcome, with the scale of the final norm held as it is in this run.
#[derive(Clone, Debug)]
pub struct Reader {
    /// [d_model]: γ ⊙ (Σ factor · W_U[token]), centred under LayerNorm, over σ.
    direction: Vec<f64>,
}

impl Reader {
    /// `last` is the stream that enters the final norm [d_model], `weight` the norm's weights as they act, `tokens` the factors'
    /// sum of rows of the unembedding [d_model].
    pub fn new(spec: &Spec, last: &[f32], weight: &[f32], tokens: &[f64]) -> Self {
        let scale = FinalScale::new(spec, last, weight);
        let mut direction: Vec<f64> = tokens.iter().zip(&scale.factors).map(|(token, factor)| token * factor).collect();
        // Centring a component or the direction is the same.
        if scale.is_centred {
            centre(&mut direction);
        }
        Self { direction }
    }

    /// What a vector [d_model] adds.
    pub fn read(&self, component: &[f32]) -> f64 {
        component.iter().zip(&self.direction).map(|(value, factor)| f64::from(*value) * factor).sum()
    }

    /// The direction that components are multiplied with, [d_model].
    pub fn direction(&self) -> &[f64] {
        &self.direction
    }
}

/// What the final norm does to a part of the stream, held as it is in one run at one position.
#[derive(Clone, Debug)]
pub struct FinalScale {
    /// [d_model]: γ as it acts, over σ.
    factors: Vec<f64>,
    /// Whether the mean is taken off first (LayerNorm).
    is_centred: bool,
}

impl FinalScale {
    /// Of the stream that enters the final norm [d_model], with the norm's stored weights.
    pub fn new(spec: &Spec, last: &[f32], weight: &[f32]) -> Self {
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / last.len().max(1) as f64;
        let wide = || last.iter().map(|&value| f64::from(value));
        let one = if spec.norm_adds_one { 1.0 } else { 0.0 };
        let weighted = |sigma: f64| weight.iter().map(|weight| (one + f64::from(*weight)) / sigma).collect();
        match spec.norm {
            NormKind::None => Self { factors: vec![1.0; last.len()], is_centred: false },
            NormKind::RmsNorm => {
                let sigma = (mean(&mut wide().map(|value| value * value)) + spec.norm_eps).sqrt();
                Self { factors: weighted(sigma), is_centred: false }
            }
            NormKind::LayerNorm => {
                let centre = mean(&mut wide());
                let sigma = (mean(&mut wide().map(|value| (value - centre).powi(2))) + spec.norm_eps).sqrt();
                Self { factors: weighted(sigma), is_centred: true }
            }
        }
    }

    /// Of the norm's stored weights alone, as if the stream had the length that the norm leaves as it is.
    pub fn of_weights(spec: &Spec, weight: &[f32]) -> Self {
        let one = if spec.norm_adds_one { 1.0 } else { 0.0 };
        let is_normed = spec.norm != NormKind::None;
        let factor = |weight: &f32| if is_normed { one + f64::from(*weight) } else { 1.0 };
        Self { factors: weight.iter().map(factor).collect(), is_centred: spec.norm == NormKind::LayerNorm }
    }

    /// What becomes of a part of the stream [d_model] on its way to the unembedding, the norm's bias left out.
    pub fn apply(&self, part: &[f32]) -> Vec<f32> {
        let mut wide: Vec<f64> = part.iter().map(|&value| f64::from(value)).collect();
        if self.is_centred {
            centre(&mut wide);
        }
        wide.iter().zip(&self.factors).map(|(value, factor)| (value * factor) as f32).collect()
    }
}

/// Takes the mean off.
fn centre(values: &mut [f64]) {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter_mut().for_each(|value| *value -= mean);
}

/// The outcome at one position as a sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectSum {
    /// Where the outcome is read.
    pub position: usize,
    /// The outcome as the model computes it.
    pub outcome: f64,
    /// What the embeddings add, positions and types included.
    pub embed: f64,
    /// Self-attention of each layer.
    pub attns: Vec<AttnParts>,
    /// Attention to the encoder, of each layer; empty in models of one stack.
    pub cross: Vec<AttnParts>,
    /// The MLP of each layer; empty in models of attention only.
    pub mlps: Vec<MlpParts>,
    /// What the biases of final norm and unembedding add.
    pub constant: f64,
}

/// What one attention adds to the outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttnParts {
    /// [n_heads]
    pub heads: Vec<f64>,
    /// The output's bias.
    pub bias: f64,
    /// Each head by the position that it reads, [n_heads, n_key].
    pub sources: Vec<f32>,
}

/// What one MLP adds to the outcome.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MlpParts {
    /// All of it, the output's bias included.
    pub whole: f64,
    /// [d_mlp]
    pub neurons: Vec<f32>,
}

impl DirectSum {
    /// The sum of all components. It differs from [`DirectSum::outcome`] by rounding alone, and by what edits of the stream added.
    pub fn total(&self) -> f64 {
        let attn = |attn: &AttnParts| attn.heads.iter().sum::<f64>() + attn.bias;
        let attns: f64 = self.attns.iter().chain(&self.cross).map(attn).sum();
        self.embed + attns + self.mlps.iter().map(|mlp| mlp.whole).sum::<f64>() + self.constant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contrast_is_a_difference_of_means() {
        let contrast = Contrast { answers: vec![4], others: vec![1, 2] };
        assert_eq!(contrast.weights(), [(4, 1.0), (1, -0.5), (2, -0.5)]);
        let alone = Contrast { answers: vec![4, 5], others: Vec::new() };
        assert_eq!(alone.weights(), [(4, 0.5), (5, 0.5)]);
    }

    #[test]
    fn models_whose_logit_is_not_a_sum_are_refused_with_the_reason() {
        let linear = Unembed::Linear { tied: true };
        let exact = Spec { norm_placement: NormPlacement::Pre, unembed: linear, ..Spec::default() };
        assert_eq!(refusal(&exact), None);
        let cases = [
            (Spec { norm_placement: NormPlacement::Post, ..exact.clone() }, "normalises the sum"),
            (Spec { norm_placement: NormPlacement::PreAndOutput, ..exact.clone() }, "before it reaches the stream"),
            (Spec { norm_placement: NormPlacement::Output, ..exact.clone() }, "before it reaches the stream"),
            (Spec { unembed: Unembed::MaskedWord { tied: true }, ..exact.clone() }, "masked-word head"),
            (Spec { logit_softcap: Some(30.0), ..exact.clone() }, "caps its logits"),
            (Spec { unembed: Unembed::None, ..exact }, "no unembedding"),
        ];
        for (spec, reason) in cases {
            assert!(refusal(&spec).is_some_and(|found| found.contains(reason)), "{reason}: {:?}", refusal(&spec));
        }
    }

    /// Of a stream that is the sum of two components, their readings add up to the reading of the normalised stream.
    #[test]
    fn readings_add_up_to_the_normalised_streams() {
        let (one, two) = ([1.0f32, -2.0, 0.5, 3.0], [0.25f32, 1.0, -1.5, 2.0]);
        let last: Vec<f32> = one.iter().zip(&two).map(|(a, b)| a + b).collect();
        let (weight, tokens) = ([0.5f32, 1.5, 1.0, -1.0], [2.0, 0.5, -1.0, 1.0]);
        for (norm, norm_adds_one) in [(NormKind::LayerNorm, false), (NormKind::RmsNorm, true), (NormKind::None, false)]
        {
            let spec = Spec { norm, norm_adds_one, norm_eps: 1e-5, ..Spec::default() };
            let reader = Reader::new(&spec, &last, &weight, &tokens);
            let mut normed = vec![0.0; 4];
            match norm {
                NormKind::LayerNorm => crate::kernels::norm::layer_norm(&last, &weight, &[0.0; 4], 1e-5, &mut normed),
                NormKind::RmsNorm => crate::kernels::norm::rms_norm(&last, &weight, true, 1e-5, &mut normed),
                NormKind::None => normed.copy_from_slice(&last),
            }
            let expected: f64 = normed.iter().zip(tokens).map(|(value, token)| f64::from(*value) * token).sum();
            assert!((reader.read(&one) + reader.read(&two) - expected).abs() < 1e-5, "{norm:?}");
        }
    }
}

//! What the stream view shows.

/// What a cell of the stream view's table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamNumber {
    /// The most likely token, shaded by its probability.
    #[default]
    TopToken,
    /// Probability of the chosen token.
    TokenProb,
    /// Rank of the chosen token.
    TokenRank,
    /// Logit of the chosen token.
    TokenLogit,
    /// Entropy of the lens.
    Entropy,
    /// KL(output ‖ lens).
    Kl,
    /// Length of the stream.
    Norm,
    /// Cosine to the stream one layer before.
    CosineBefore,
    /// Cosine to the stream leaving the last layer.
    CosineOutput,
    /// Length of what attention adds to the stream there.
    AttnNorm,
    /// Length of what the MLP adds to the stream there.
    MlpNorm,
    /// What zeroing or patching the stream there would do to the outcome, estimated by gradients.
    Estimate,
    /// What a layer adds to the outcome: its attention by the position that it reads, its MLP where the outcome is read.
    Direct,
}

impl StreamNumber {
    /// In the order in which they are offered.
    pub const EACH: [StreamNumber; 13] = [
        Self::TopToken,
        Self::TokenProb,
        Self::TokenRank,
        Self::TokenLogit,
        Self::Entropy,
        Self::Kl,
        Self::Norm,
        Self::CosineBefore,
        Self::CosineOutput,
        Self::AttnNorm,
        Self::MlpNorm,
        Self::Direct,
        Self::Estimate,
    ];

    /// Its name in links.
    pub fn name(self) -> &'static str {
        match self {
            Self::TopToken => "top",
            Self::TokenProb => "prob",
            Self::TokenRank => "rank",
            Self::TokenLogit => "logit",
            Self::Entropy => "entropy",
            Self::Kl => "kl",
            Self::Norm => "norm",
            Self::CosineBefore => "cosine_before",
            Self::CosineOutput => "cosine_output",
            Self::AttnNorm => "attn_norm",
            Self::MlpNorm => "mlp_norm",
            Self::Direct => "direct_effect",
            Self::Estimate => "estimated_effect",
        }
    }

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Self::TopToken => "Top token",
            Self::TokenProb => "Probability of token",
            Self::TokenRank => "Rank of token",
            Self::TokenLogit => "Logit of token",
            Self::Entropy => "Entropy",
            Self::Kl => "KL to the output",
            Self::Norm => "Norm",
            Self::CosineBefore => "Cosine to the layer before",
            Self::CosineOutput => "Cosine to the output",
            Self::AttnNorm => "Norm of the attention output",
            Self::MlpNorm => "Norm of the MLP output",
            Self::Direct => "Direct effect on the outcome",
            Self::Estimate => "Estimated effect on the outcome",
        }
    }

    /// Whether the number comes from the logit lens.
    pub fn needs_lens(self) -> bool {
        self.needs_token() || matches!(self, Self::TopToken | Self::Entropy | Self::Kl)
    }

    /// Whether the number is about a chosen token.
    pub fn needs_token(self) -> bool {
        matches!(self, Self::TokenProb | Self::TokenRank | Self::TokenLogit)
    }

    /// Whether the number is about what a layer adds, so that the output has none.
    pub fn is_of_layer(self) -> bool {
        matches!(self, Self::AttnNorm | Self::MlpNorm) || self.is_effect()
    }

    /// Whether the number is an effect on the outcome, with a sign.
    pub fn is_effect(self) -> bool {
        matches!(self, Self::Direct | Self::Estimate)
    }

    /// Whether the number is a part of the outcome as a sum.
    pub fn needs_direct(self) -> bool {
        self == Self::Direct
    }
}

/// Options of the stream view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamOptions {
    /// What a cell shows.
    pub number: StreamNumber,
    /// Whether the first layer stands on top instead of the output.
    pub is_first_on_top: bool,
    /// The token whose probability, rank and logit are shown, as text with its space; empty for the model's own prediction at
    /// the last position.
    pub token: String,
}

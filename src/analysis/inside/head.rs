//! What a head's weights do with tokens, whatever the text (docs/methods.md, "Circuits of a head").

use super::written::Words;

/// Which circuits are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadAsked {
    /// The layer.
    pub layer: usize,
    /// The query head.
    pub head: usize,
    /// Tokens that are read (OV) and that read (QK).
    pub tokens: Vec<u32>,
    /// How far before the reading token the read one stands; without meaning where positions do not turn queries and keys.
    pub distance: usize,
    /// How many tokens are listed.
    pub n_top: usize,
}

/// The circuits of a head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeadCircuits {
    /// For each token: what the head would write if it read this token's embedding alone; empty without an unembedding.
    pub ov: Vec<Words>,
    /// For each token: the tokens whose embeddings it would read most, with scale · q·k.
    pub qk: Vec<Vec<(u32, f32)>>,
    /// Re Σλ and Σ|λ| of the whole OV circuit; `None` without an unembedding.
    pub eigenvalues: Option<(f64, f64)>,
}

impl HeadCircuits {
    /// Re Σλ / Σ|λ|, from −1 to 1: 1 where reading a token promotes that very token (Elhage et al. 2021).
    pub fn copying(&self) -> Option<f64> {
        self.eigenvalues.filter(|(_, size)| *size > 0.0).map(|(sum, size)| sum / size)
    }
}

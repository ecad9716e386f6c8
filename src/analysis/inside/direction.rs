//! Directions of the stream for edits: what a place of the text holds on average, where a token's logit grows, how two texts differ
//! (docs/methods.md, "Directions").

use crate::trace::BlockSite;

/// Which direction is asked for, and where it will be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectionAsked {
    /// The layer.
    pub layer: usize,
    /// The stream, or what attention or the MLP adds to it.
    pub site: BlockSite,
    /// The position whose stream gives a direction its length.
    pub position: usize,
    /// What the direction is made of.
    pub made_of: DirectionOf,
}

/// What a direction is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectionOf {
    /// The mean over all positions of the text, as it is.
    Mean,
    /// A token's row of the unembedding, as long as the stream at the position.
    Token(u32),
    /// The place after the first text minus that after the second, as long as the stream at the position.
    Texts([String; 2]),
}

/// A direction [d_model] made as long as `length`; as it is where it has no length.
pub fn scaled_to(mut direction: Vec<f32>, length: f64) -> Vec<f32> {
    let own = direction.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if own > 0.0 {
        direction.iter_mut().for_each(|value| *value = (f64::from(*value) * length / own) as f32);
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::scaled_to;

    #[test]
    fn a_direction_takes_the_length_of_the_stream() {
        assert_eq!(scaled_to(vec![3.0, 4.0], 10.0), [6.0, 8.0]);
        assert_eq!(scaled_to(vec![0.0, 0.0], 10.0), [0.0, 0.0]);
    }
}

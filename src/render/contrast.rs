//! Colours of differences: orange where a weight became smaller, blue where it became larger, stronger with the change.
//!
//! The scale ends at a round number that no difference on screen exceeds, so that small changes are visible and both
//! ends have a number.

use super::colour::{Rgb, Scheme};
use super::neurons::Diverging;

/// The scale of the differences on screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Size of the difference that has the full colour; 0 where nothing differs.
    pub end: f32,
    /// Colour of weights that became smaller.
    pub negative: Rgb,
    /// Colour of weights that became larger.
    pub positive: Rgb,
}

impl Contrast {
    /// The scale on a background for differences up to `largest`.
    pub fn new(largest: f32, scheme: Scheme) -> Self {
        let colours = Diverging::new(scheme);
        Self { end: round_end(largest), negative: colours.at(-1.0), positive: colours.at(1.0) }
    }

    /// A difference as a share of the end, with its sign: from −1 to 1.
    pub fn share(&self, difference: f32) -> f32 {
        if self.end > 0.0 { (difference / self.end).clamp(-1.0, 1.0) } else { 0.0 }
    }

    /// The colour of a sign.
    pub fn colour(&self, difference: f32) -> Rgb {
        if difference < 0.0 { self.negative } else { self.positive }
    }
}

/// The largest size of some differences.
pub fn largest_size(differences: &[f32]) -> f32 {
    differences.iter().map(|value| value.abs()).filter(|size| size.is_finite()).fold(0.0, f32::max)
}

/// Rounds up to 1, 2 or 5 times a power of ten: 0.034 → 0.05. Numbers below a hundred-thousandth are rounding errors,
/// not differences.
pub fn round_end(largest: f32) -> f32 {
    if largest < 1e-5 || !largest.is_finite() {
        return 0.0;
    }
    let power = 10f64.powi(f64::from(largest).log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= f64::from(largest) * (1.0 - 1e-6));
    (step.unwrap_or(10.0) * power) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round_and_never_below_what_is_drawn() {
        for (largest, end) in [
            (0.0, 0.0),
            (1e-7, 0.0),
            (0.034, 0.05),
            (0.05, 0.05),
            (0.051, 0.1),
            (0.2, 0.2),
            (0.9, 1.0),
            (1.0, 1.0),
            (3.4, 5.0),
        ] {
            assert!((round_end(largest) - end).abs() < 1e-6, "{largest}: {}", round_end(largest));
        }
        assert_eq!(round_end(f32::NAN), 0.0);
        assert_eq!(largest_size(&[0.1, -0.4, f32::NEG_INFINITY, 0.2]), 0.4);
    }

    #[test]
    fn shares_have_a_sign() {
        let contrast = Contrast::new(0.15, Scheme::Light);
        assert_eq!(contrast.end, 0.2);
        assert!((contrast.share(-0.1) + 0.5).abs() < 1e-6);
        assert_eq!((contrast.share(1.0), contrast.share(-1.0)), (1.0, -1.0));
        assert_ne!(contrast.colour(-1.0), contrast.colour(1.0));
        assert_eq!(Contrast::new(0.0, Scheme::Dark).share(0.5), 0.0);
    }
}

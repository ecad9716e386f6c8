//! Colours of heads: evenly spaced hues of one lightness, so that no head looks more important than another.
//!
//! Computed in OKLCH (Ottosson 2020, <https://bottosson.github.io/posts/oklab/>). Readers can tell twelve hues apart;
//! with more heads each still has a hue of its own, and its number beside it.

use std::f32::consts::TAU;

/// A colour in sRGB, each channel 0 to 255.
pub type Rgb = [u8; 3];

/// Background of the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scheme {
    /// White, under dark text.
    #[default]
    Light,
    /// Black, under light text.
    Dark,
}

/// The colours of a layer's heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadColours {
    /// Colours of lines and squares, by head.
    pub line: Vec<Rgb>,
    /// Colours of strips behind text, by head: text stays readable on them at full opacity.
    pub strip: Vec<Rgb>,
}

/// Hue of the first head, in turns: a red that differs from the last head's.
const FIRST_HUE: f32 = 0.07;

impl HeadColours {
    /// Colours for `n_heads` heads.
    pub fn new(n_heads: usize, scheme: Scheme) -> Self {
        let (line, strip) = match scheme {
            Scheme::Light => ((0.62, 0.19), (0.66, 0.16)),
            Scheme::Dark => ((0.74, 0.16), (0.5, 0.13)),
        };
        let each = |(lightness, chroma)| (0..n_heads).map(|head| hue_of(head, n_heads, lightness, chroma)).collect();
        Self { line: each(line), strip: each(strip) }
    }

    /// The colour of a picture that belongs to no single head, as that of one.
    pub fn neutral(scheme: Scheme) -> Self {
        let (line, strip) = match scheme {
            Scheme::Light => ((0.52, 0.12), (0.72, 0.1)),
            Scheme::Dark => ((0.78, 0.1), (0.48, 0.1)),
        };
        let one = |(lightness, chroma)| vec![oklch(lightness, chroma, NEUTRAL_HUE)];
        Self { line: one(line), strip: one(strip) }
    }
}

/// A sequential scale of one hue whose lightness changes evenly, so that equal steps look equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ramp {
    steps: Vec<Rgb>,
}

/// Hue of everything that belongs to no single head, in turns.
pub const NEUTRAL_HUE: f32 = 0.72;

impl Ramp {
    /// A scale from close to the background to far from it; `hue` in turns.
    pub fn new(hue: f32, scheme: Scheme) -> Self {
        let (start, end) = match scheme {
            Scheme::Light => ((0.965, 0.015), (0.38, 0.15)),
            Scheme::Dark => ((0.27, 0.025), (0.92, 0.12)),
        };
        let between = |(from, to): (f32, f32), at: f32| from + (to - from) * at;
        let step = |at: u16| {
            let at = f32::from(at) / 255.0;
            oklch(between((start.0, end.0), at), between((start.1, end.1), at), hue)
        };
        Self { steps: (0..256).map(step).collect() }
    }

    /// The scale in a head's hue.
    pub fn of_head(head: usize, n_heads: usize, scheme: Scheme) -> Self {
        Self::new(FIRST_HUE + head as f32 / n_heads.max(1) as f32, scheme)
    }

    /// The colour of a level from 0 to 1.
    pub fn at(&self, level: f32) -> Rgb {
        let step = (level.clamp(0.0, 1.0) * 255.0).round() as usize;
        self.steps.get(step).copied().unwrap_or_default()
    }
}

fn hue_of(head: usize, n_heads: usize, lightness: f32, chroma: f32) -> Rgb {
    oklch(lightness, chroma, FIRST_HUE + head as f32 / n_heads as f32)
}

/// The colour of a lightness and hue (in turns) with this chroma, or with the most that sRGB has there.
pub fn oklch(lightness: f32, chroma: f32, hue: f32) -> Rgb {
    let (mut low, mut high) = (0.0, chroma);
    if in_gamut(linear_srgb(lightness, chroma, hue)) {
        low = chroma;
    }
    for _ in 0..16 {
        let middle = (low + high) / 2.0;
        if in_gamut(linear_srgb(lightness, middle, hue)) { low = middle } else { high = middle }
    }
    linear_srgb(lightness, low, hue).map(gamma_encoded)
}

fn linear_srgb(lightness: f32, chroma: f32, hue: f32) -> [f32; 3] {
    let (cos, sin) = cos_sin(hue);
    let (a, b) = (chroma * cos, chroma * sin);
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
}

/// Cosine and sine of an angle in turns, as exact as an f32 is. The standard functions weigh more: they reduce angles of any size.
fn cos_sin(turns: f32) -> (f32, f32) {
    let quarters = (turns * 4.0).round();
    let x = (turns * 4.0 - quarters) * (TAU / 4.0);
    let square = x * x;
    let cos = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)));
    let sin = x * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)));
    match (quarters as i32).rem_euclid(4) {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    }
}

fn in_gamut(linear: [f32; 3]) -> bool {
    linear.iter().all(|channel| (-1e-4..=1.0001).contains(channel))
}

fn gamma_encoded(linear: f32) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let encoded = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_in_turns() {
        for step in -300..300 {
            let turns = step as f32 / 97.0;
            let ((cos, sin), angle) = (cos_sin(turns), f64::from(turns) * std::f64::consts::TAU);
            assert!((f64::from(cos) - angle.cos()).abs() < 1e-6, "{turns}");
            assert!((f64::from(sin) - angle.sin()).abs() < 1e-6, "{turns}");
        }
    }

    fn luminance(colour: Rgb) -> f32 {
        let linear = colour.map(|channel| {
            let encoded = f32::from(channel) / 255.0;
            if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(one: Rgb, other: Rgb) -> f32 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn known_colours() {
        assert_eq!(oklch(1.0, 0.0, 0.0), [255, 255, 255]);
        assert_eq!(oklch(0.0, 0.0, 0.0), [0, 0, 0]);
        // sRGB red is oklch(0.62796 0.25768 29.234°).
        assert_eq!(oklch(0.627_96, 0.257_68, 29.234 / 360.0), [255, 0, 0]);
        // More chroma than sRGB has: same hue and lightness, the most chroma.
        assert_eq!(oklch(0.627_96, 0.4, 29.234 / 360.0), [255, 0, 0]);
    }

    #[test]
    fn scales_go_evenly_away_from_the_background() {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let background = scheme.paper();
            for hue in [0.0, 0.3, NEUTRAL_HUE] {
                let ramp = Ramp::new(hue, scheme);
                let contrasts: Vec<f32> = (0..=8).map(|at| contrast(ramp.at(at as f32 / 8.0), background)).collect();
                assert!(contrasts.windows(2).all(|pair| pair[0] < pair[1]), "{scheme:?} {hue}: {contrasts:?}");
                assert!(contrasts[0] < 1.35 && contrasts[8] > 7.0, "{scheme:?} {hue}: {contrasts:?}");
            }
        }
    }

    #[test]
    fn every_head_has_a_colour_of_its_own() {
        for scheme in [Scheme::Light, Scheme::Dark] {
            for n_heads in [1, 9, 12, 32] {
                let colours = HeadColours::new(n_heads, scheme);
                let mut distinct = colours.line.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), n_heads, "{scheme:?}");
            }
            let twelve = HeadColours::new(12, scheme).line;
            let far = |one: Rgb, other: Rgb| {
                one.iter().zip(other).map(|(a, b)| i32::from(*a) - i32::from(b)).map(|d| d * d).sum::<i32>() > 30 * 30
            };
            for (head, colour) in twelve.iter().enumerate() {
                assert!(twelve[..head].iter().all(|other| far(*other, *colour)), "{scheme:?} head {head}");
            }
        }
    }

    #[test]
    fn heads_are_equally_light_and_text_on_strips_is_readable() {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let (text, background) = (scheme.ink(), scheme.paper());
            let colours = HeadColours::new(12, scheme);
            for (line, strip) in colours.line.iter().zip(&colours.strip) {
                assert!(
                    contrast(*line, background) >= 3.0,
                    "{scheme:?} line {line:?}: {}",
                    contrast(*line, background)
                );
                assert!(contrast(text, *strip) >= 4.5, "{scheme:?} strip {strip:?}: {}", contrast(text, *strip));
            }
        }
    }
}

//! The page's colours as canvases and figures use them.
//!
//! style/theme.css has the same colours as custom properties. Neither a canvas nor an SVG file can read those, and
//! figures are drawn without a browser too, so the colours stand here as well; the tests below compare each with the
//! style sheet.

use super::colour::{Rgb, Scheme};

impl Scheme {
    /// Text: `--ink`.
    pub const fn ink(self) -> Rgb {
        match self {
            Self::Light => [0x1c, 0x1c, 0x20],
            Self::Dark => [0xec, 0xec, 0xf0],
        }
    }

    /// Explanations and numbers that stand back: `--soft`.
    pub const fn soft(self) -> Rgb {
        match self {
            Self::Light => [0x5a, 0x5a, 0x65],
            Self::Dark => [0xa6, 0xa6, 0xb1],
        }
    }

    /// The background: `--paper`.
    pub const fn paper(self) -> Rgb {
        match self {
            Self::Light => [0xff, 0xff, 0xff],
            Self::Dark => [0x14, 0x14, 0x17],
        }
    }

    /// A thumbnail without weights: between `--paper` and `--hair`.
    pub const fn ground(self) -> Rgb {
        match self {
            Self::Light => [0xf5, 0xf5, 0xf7],
            Self::Dark => [0x1e, 0x1e, 0x23],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Diverging, NEUTRAL_HUE, Ramp, colour::oklch};
    use super::*;

    const STYLE: &str = include_str!("../../style/theme.css");

    /// The value of a custom property in a scheme, from `--name: light-dark(LIGHT, DARK);`.
    fn property(name: &str, scheme: Scheme) -> Rgb {
        let start = format!("--{name}: light-dark(");
        let rest = STYLE.split_once(&start).unwrap_or_else(|| panic!("style/theme.css has no --{name}")).1;
        let (light, dark) = rest.split_once(");").unwrap().0.split_once(", ").unwrap();
        let value = if scheme == Scheme::Light { light } else { dark };
        if let Some(hex) = value.strip_prefix('#') {
            return [0, 2, 4].map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        }
        let numbers = value.trim_end_matches(')').strip_prefix("oklch(").unwrap();
        let numbers: Vec<f32> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        oklch(numbers[0], numbers[1], numbers[2] / 360.0)
    }

    #[test]
    fn colours_are_those_of_the_style_sheet() {
        for scheme in [Scheme::Light, Scheme::Dark] {
            assert_eq!(scheme.ink(), property("ink", scheme), "{scheme:?} ink");
            assert_eq!(scheme.soft(), property("soft", scheme), "{scheme:?} soft");
            assert_eq!(scheme.paper(), property("paper", scheme), "{scheme:?} paper");
        }
    }

    #[test]
    fn an_empty_thumbnail_stands_between_background_and_hairlines() {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let (ground, paper, hair) = (scheme.ground(), scheme.paper(), property("hair", scheme));
            for channel in 0..3 {
                let ends = [paper[channel], hair[channel]];
                let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
                assert!(low < ground[channel] && ground[channel] < high, "{scheme:?}: {paper:?} {ground:?} {hair:?}");
            }
        }
    }

    #[test]
    fn legends_have_the_ends_of_the_scales() {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let (ramp, diverging) = (Ramp::new(NEUTRAL_HUE, scheme), Diverging::new(scheme));
            let ends = [
                ("ramp-from", ramp.at(0.0)),
                ("ramp-to", ramp.at(1.0)),
                ("diverging-negative", diverging.at(-1.0)),
                ("diverging-middle", diverging.at(0.0)),
                ("diverging-positive", diverging.at(1.0)),
            ];
            for (name, drawn) in ends {
                assert_eq!(drawn, property(name, scheme), "{scheme:?} --{name}");
            }
        }
    }
}

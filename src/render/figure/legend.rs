//! Legends: colour scales with numbers, and sentences about them.

use super::Pen;
use super::svg::{Anchor, HAIR, PX_PER_PT, SOFT, hex, number};
use super::text::wrapped;
use crate::render::colour::{Rgb, Scheme};
use crate::render::neurons::Diverging;

/// Width and height of a scale, CSS pixels.
const SCALE: (f32, f32) = (110.0, 6.0);

impl Pen {
    /// Draws a scale with colours from left to right and numbers at positions from 0 to 1. Returns the height of its
    /// lower end.
    pub(super) fn scale_bar(
        &mut self,
        id: &str,
        (x, y): (f32, f32),
        colours: &[(f32, Rgb, f32)],
        ticks: &[(f32, String)],
    ) -> f32 {
        let stops: String = colours
            .iter()
            .map(|(at, colour, opacity)| {
                format!(
                    "<stop offset=\"{}\" stop-color=\"{}\" stop-opacity=\"{}\"/>",
                    number(*at),
                    hex(*colour),
                    number(*opacity)
                )
            })
            .collect();
        let small = self.small().ink(SOFT);
        let (width, height) = SCALE;
        self.svg.raw(&format!("<defs><linearGradient id=\"{id}\">{stops}</linearGradient></defs>"));
        self.svg.raw(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#{id})\" stroke=\"{}\" stroke-width=\"0.5\"/>",
            number(x),
            number(y),
            number(width),
            number(height),
            hex(HAIR)
        ));
        let baseline = y + height + self.preset.small_pt() * PX_PER_PT;
        for (at, label) in ticks {
            let anchor = match at {
                at if *at <= 0.0 => Anchor::Start,
                at if *at >= 1.0 => Anchor::End,
                _ => Anchor::Middle,
            };
            self.svg.text(x + at * width, baseline, &small.anchor(anchor), label);
        }
        baseline + 0.3 * self.preset.small_pt() * PX_PER_PT
    }

    /// Draws the scale of changes up to a size, where there is one. Returns the height of its lower end.
    pub(super) fn change_bar(&mut self, id: &str, place: (f32, f32), end: f32) -> f32 {
        // A scale from nothing to nothing says nothing.
        if end <= 0.0 {
            return place.1;
        }
        let colours = Diverging::new(Scheme::Light);
        let stops: Vec<(f32, Rgb, f32)> =
            (0..=8).map(|step| step as f32 / 8.0).map(|at| (at, colours.at(2.0 * at - 1.0), 1.0)).collect();
        let ticks = [(0.0, format!("−{}", number(end))), (0.5, "0".to_owned()), (1.0, format!("+{}", number(end)))];
        self.scale_bar(id, place, &stops, &ticks)
    }

    /// Draws sentences under a scale. Returns the height of their lower end.
    pub(super) fn note(&mut self, text: &str, top: f32) -> f32 {
        let (style, size) = (self.small().ink(SOFT), self.preset.small_pt() * PX_PER_PT);
        let mut y = top;
        for line in wrapped(text, size, self.preset.width()) {
            y += size * 1.3;
            self.svg.text(0.0, y - 0.3 * size, &style, &line);
        }
        y
    }

    /// Draws coloured squares with names. Returns the height of their lower end.
    pub(super) fn keys(&mut self, keys: &[(String, Rgb)], top: f32) -> f32 {
        let (style, size) = (self.small().ink(SOFT), self.preset.small_pt() * PX_PER_PT);
        let (mut x, mut y) = (0.0, top + size * 1.3);
        for (name, colour) in keys {
            let width = size * 1.2 + super::text::width(name, size) + size;
            if x + width > self.preset.width() && x > 0.0 {
                (x, y) = (0.0, y + size * 1.4);
            }
            self.svg.rect((x, y - size * 0.75), (size * 0.8, size * 0.8), *colour, 1.0);
            self.svg.text(x + size * 1.1, y, &style, name);
            x += width;
        }
        y + size * 0.3
    }
}

//! Estimates beside exact effects as a figure.

use super::svg::{Anchor, HAIR, PX_PER_PT, SOFT, number};
use super::{Draw, Pen, text};
use crate::render::Scheme;
use crate::render::neurons::Diverging;
use crate::render::scatter::{ScatterPoint, ScatterScale};

/// Side of the plot at most, CSS pixels.
const MAX_SIDE: f32 = 360.0;
/// Radius of a point, CSS pixels.
const RADIUS: f32 = 2.2;

/// The plot.
pub struct ScatterFigure {
    /// The points.
    pub points: Vec<ScatterPoint>,
    /// What points are, and how estimates and exact effects agree.
    pub meaning: String,
}

impl Draw for ScatterFigure {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let size = pen.preset.small_pt() * PX_PER_PT;
        let left = size * 4.0;
        let side = (pen.preset.width() - left).min(MAX_SIDE);
        let scale = ScatterScale::of(&self.points);
        let x = |value: f32| left + scale.share(value) * side;
        let y = |value: f32| (1.0 - scale.share(value)) * side;
        pen.svg.open("axes", "");
        pen.svg.line((left, y(0.0)), (left + side, y(0.0)), HAIR, 1.0);
        pen.svg.line((x(0.0), 0.0), (x(0.0), side), HAIR, 1.0);
        pen.svg.line((left, side), (left + side, 0.0), HAIR, 1.0);
        let style = pen.small().ink(SOFT);
        // An end close to zero has no number beside that of zero.
        let is_apart = |value: f32| (scale.share(value) - scale.share(0.0)).abs() * side > size * 4.0;
        let ends = [scale.low, scale.high].into_iter().filter(|value| is_apart(*value));
        for value in ends.chain([0.0]) {
            let label = number((value * 100.0).round() / 100.0).replace('-', "−");
            let base = pen.baseline(y(value), pen.preset.small_pt());
            pen.svg.text(left - 4.0, base, &style.anchor(Anchor::End), &label);
            let last = pen.preset.width() - text::width(&label, size) / 2.0;
            pen.svg.text(x(value).min(last), side + size * 1.4, &style.anchor(Anchor::Middle), &label);
        }
        pen.svg.text(left + side / 2.0, side + size * 2.8, &style.anchor(Anchor::Middle), "estimate");
        pen.svg.turned_text(size, side / 2.0, -90.0, &style.anchor(Anchor::Middle), "exact");
        pen.svg.close();
        let colours = Diverging::new(Scheme::Light);
        for (id, is_drawn, colour) in [("drawn", true, colours.at(-1.0)), ("largest", false, colours.at(1.0))] {
            pen.svg.open(id, "");
            for point in self.points.iter().filter(|point| point.is_drawn == is_drawn) {
                let (x, y, r) = (x(point.estimate) - RADIUS, y(point.exact), RADIUS);
                let circle = format!(
                    "M{} {}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0",
                    number(x),
                    number(y),
                    number(2.0 * r),
                    number(-2.0 * r)
                );
                pen.svg.path(&circle, if is_drawn { "stroke" } else { "fill" }, colour, 1.0);
            }
            pen.svg.close();
        }
        side + size * 3.4
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        let axes = "Effect on the outcome, with the edit minus without it: across the estimate, upwards the exact one";
        pen.note(&format!("{axes}. {}", self.meaning), top)
    }
}

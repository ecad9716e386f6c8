//! How much of an outcome some links hold, as a figure.

use super::svg::{Anchor, HAIR, PX_PER_PT, SOFT, number};
use super::{Draw, Pen, text};
use crate::render::Scheme;
use crate::render::neurons::Diverging;
use crate::render::share_curve::ShareCurve;

/// Height of the plot over its width.
const HEIGHT: f32 = 0.5;
/// Greatest width of the plot, CSS pixels.
const MAX_WIDTH: f32 = 420.0;

/// The curves.
pub struct CurveFigure {
    /// The points.
    pub curve: ShareCurve,
    /// Sentences about the outcome and the ablation.
    pub meaning: String,
}

impl Draw for CurveFigure {
    fn draw(&self, pen: &mut Pen) -> f32 {
        let size = pen.preset.small_pt() * PX_PER_PT;
        let left = size * 4.0;
        let width = (pen.preset.width() - left - size * 2.0).min(MAX_WIDTH);
        let (height, top) = (width * HEIGHT, size * 0.5);
        let x = |count: usize| left + self.curve.across(count) * width;
        let y = |share: f32| top + (1.0 - self.curve.up(share)) * height;
        let style = pen.small().ink(SOFT);
        pen.svg.open("axes", "");
        for level in self.curve.levels() {
            pen.svg.line((left, y(level)), (left + width, y(level)), HAIR, 1.0);
            let base = pen.baseline(y(level), pen.preset.small_pt());
            let label = number((level * 100.0).round() / 100.0).replace('-', "−");
            pen.svg.text(left - 4.0, base, &style.anchor(Anchor::End), &label);
        }
        let ends = [self.curve.points.first(), self.curve.points.last().filter(|_| self.curve.points.len() > 1)];
        for &(count, _) in ends.into_iter().flatten() {
            let label = count.to_string();
            let last = pen.preset.width() - text::width(&label, size) / 2.0 - 1.0;
            let below = top + height + size * 1.4;
            pen.svg.text(x(count).min(last), below, &style.anchor(Anchor::Middle), &label);
        }
        pen.svg.text(left + width / 2.0, top + height + size * 2.8, &style.anchor(Anchor::Middle), "links kept");
        pen.svg.turned_text(size, top + height / 2.0, -90.0, &style.anchor(Anchor::Middle), "F");
        pen.svg.close();
        let colours = Diverging::new(Scheme::Light);
        for (id, of, colour) in [("rest", 1, colours.at(-1.0)), ("kept", 0, colours.at(1.0))] {
            pen.svg.open(id, "");
            let ways: Vec<String> = self
                .curve
                .points
                .iter()
                .map(|(count, pair)| format!("{} {}", number(x(*count)), number(y(pair[of]))))
                .collect();
            pen.svg.path(&format!("M{}", ways.join("L")), "stroke", colour, 1.0);
            pen.svg.close();
        }
        top + height + size * 3.4
    }

    fn legend(&self, pen: &mut Pen, top: f32) -> f32 {
        pen.note(&self.meaning, top)
    }
}

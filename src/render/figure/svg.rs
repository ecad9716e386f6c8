//! Writes SVG as text: elements with escaped content, numbers of three decimals, lengths in CSS pixels.
//!
//! Invariant: every token and text stays text. Characters with a meaning in XML are escaped, and characters that XML
//! cannot hold become the replacement character.

use std::fmt::Write;

use crate::render::colour::{Rgb, Scheme};
use crate::trace::numeral;

/// Fixed-width fonts that are six tenths of their size wide.
pub const MONO: &str = "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace";
/// Fonts as wide as Helvetica.
pub const SANS: &str = "Helvetica, Arial, Liberation Sans, sans-serif";

/// CSS pixels per point.
pub const PX_PER_PT: f32 = 96.0 / 72.0;

/// A picture that is being written.
#[derive(Debug, Default)]
pub struct Svg {
    text: String,
    n_open: usize,
}

/// The part of a text that stands at its point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// The left end.
    #[default]
    Start,
    /// The middle.
    Middle,
    /// The right end.
    End,
}

/// Style of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Size in points.
    pub size_pt: f32,
    /// Colour of the text.
    pub ink: Rgb,
    /// Part of the text that stands at its point.
    pub anchor: Anchor,
    /// Whether the font has fixed width.
    pub is_mono: bool,
    /// Whether the text is semibold.
    pub is_bold: bool,
}

impl Style {
    /// Dark text, from its left end, in a proportional font.
    pub fn new(size_pt: f32) -> Self {
        Self { size_pt, ink: INK, anchor: Anchor::Start, is_mono: false, is_bold: false }
    }

    /// The style with a font of fixed width.
    pub fn mono(self) -> Self {
        Self { is_mono: true, ..self }
    }

    /// The style in semibold.
    pub fn bold(self) -> Self {
        Self { is_bold: true, ..self }
    }

    /// The style with another colour.
    pub fn ink(self, ink: Rgb) -> Self {
        Self { ink, ..self }
    }

    /// The style with another part of the text at its point.
    pub fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }
}

/// Colour of text. Figures are drawn in the light theme.
pub const INK: Rgb = Scheme::Light.ink();
/// Colour of explanations.
pub const SOFT: Rgb = Scheme::Light.soft();
/// Colour of hairlines: darker than on the page, since a printer loses fainter ones.
pub const HAIR: Rgb = [0xc8, 0xc8, 0xd0];
/// Colour of thumbnails without weights.
pub const GROUND: Rgb = Scheme::Light.ground();

impl Svg {
    /// Opens a group. Characters that ids may not hold are replaced.
    pub fn open(&mut self, id: &str, attributes: &str) {
        let gap = if attributes.is_empty() { "" } else { " " };
        let _ = writeln!(self.text, "{}<g id=\"{}\"{gap}{attributes}>", self.indent(), clean_id(id));
        self.n_open += 1;
    }

    /// Closes the group opened last.
    pub fn close(&mut self) {
        self.n_open = self.n_open.saturating_sub(1);
        let _ = writeln!(self.text, "{}</g>", self.indent());
    }

    /// Writes an element as it is; none of its text comes from outside.
    pub fn raw(&mut self, element: &str) {
        let _ = writeln!(self.text, "{}{element}", self.indent());
    }

    /// Writes a line of text at a point of its baseline.
    pub fn text(&mut self, x: f32, y: f32, style: &Style, content: &str) {
        self.text_with(x, y, style, "", content);
    }

    /// Writes a line of text, rotated by degrees around its point.
    pub fn turned_text(&mut self, x: f32, y: f32, degrees: f32, style: &Style, content: &str) {
        let turn = format!(" transform=\"rotate({} {} {})\"", number(degrees), number(x), number(y));
        self.text_with(x, y, style, &turn, content);
    }

    fn text_with(&mut self, x: f32, y: f32, style: &Style, more: &str, content: &str) {
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let family = if style.is_mono { format!(" font-family=\"{MONO}\"") } else { String::new() };
        let weight = if style.is_bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            self.text,
            "{}<text x=\"{}\" y=\"{}\" font-size=\"{}pt\" fill=\"{}\"{anchor}{family}{weight}{more} xml:space=\"preserve\">{}</text>",
            self.indent(),
            number(x),
            number(y),
            number(style.size_pt),
            hex(style.ink),
            escaped(content)
        );
    }

    /// Draws a rectangle.
    pub fn rect(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), fill: Rgb, opacity: f32) {
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{}\"", number(opacity)) } else { String::new() };
        let _ = writeln!(
            self.text,
            "{}<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{opacity}/>",
            self.indent(),
            number(x),
            number(y),
            number(width),
            number(height),
            hex(fill)
        );
    }

    /// Draws a straight line.
    pub fn line(&mut self, (x1, y1): (f32, f32), (x2, y2): (f32, f32), stroke: Rgb, opacity: f32) {
        let opacity = if opacity < 1.0 { format!(" stroke-opacity=\"{}\"", number(opacity)) } else { String::new() };
        let _ = writeln!(
            self.text,
            "{}<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\"{opacity}/>",
            self.indent(),
            number(x1),
            number(y1),
            number(x2),
            number(y2),
            hex(stroke)
        );
    }

    /// Draws a path of one colour; `paint` is "fill" or "stroke".
    pub fn path(&mut self, data: &str, paint: &str, colour: Rgb, opacity: f32) {
        let opacity = if opacity < 1.0 { format!(" {paint}-opacity=\"{}\"", number(opacity)) } else { String::new() };
        let unfilled = if paint == "stroke" { " fill=\"none\"" } else { "" };
        let _ =
            writeln!(self.text, "{}<path d=\"{data}\" {paint}=\"{}\"{opacity}{unfilled}/>", self.indent(), hex(colour));
    }

    /// The picture, with every group closed.
    pub fn finish(mut self) -> String {
        while self.n_open > 0 {
            self.close();
        }
        self.text
    }

    fn indent(&self) -> &'static str {
        const SPACES: &str = "                ";
        &SPACES[..(2 * self.n_open).min(SPACES.len())]
    }
}

/// A number of at most three decimals, without trailing zeros.
pub fn number(value: f32) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A number of three decimals with its sign.
pub fn signed(value: f32) -> String {
    numeral::signed(&format!("{value:+.3}"))
}

/// A colour as "#rrggbb".
pub fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Text as XML holds it, in elements and in attributes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// An id that every program takes: letters, digits, `-`, `_`, and a letter in front.
fn clean_id(id: &str) -> String {
    let kept = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let id: String = id.chars().map(kept).collect();
    if id.starts_with(|letter: char| letter.is_ascii_alphabetic()) { id } else { format!("g-{id}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_never_markup() {
        let mut svg = Svg::default();
        svg.text(1.0, 2.5, &Style::new(7.0).mono(), "</text><script>\u{1}\"'&\n");
        let text = svg.finish();
        assert!(text.contains("&lt;/text&gt;&lt;script&gt;\u{fffd}&quot;&#39;&amp; </text>"), "{text}");
        assert!(text.contains(" x=\"1\" y=\"2.5\" font-size=\"7pt\" fill=\"#1c1c20\" font-family="), "{text}");
    }

    #[test]
    fn groups_close_and_have_clean_ids() {
        let mut svg = Svg::default();
        svg.open("head L2H9 “<>”", "");
        svg.open("9", "stroke-width=\"1\"");
        svg.line((0.0, 0.0), (1.0, -0.0001), INK, 0.25);
        let text = svg.finish();
        assert_eq!(text.matches("<g ").count(), text.matches("</g>").count());
        assert!(
            text.contains("<g id=\"head-L2H9-----\">") && text.contains("<g id=\"g-9\" stroke-width=\"1\">"),
            "{text}"
        );
        assert!(
            text.contains("x1=\"0\" y1=\"0\" x2=\"1\" y2=\"0\" stroke=\"#1c1c20\" stroke-opacity=\"0.25\""),
            "{text}"
        );
    }

    #[test]
    fn numbers_are_short() {
        let table =
            [(0.0, "0"), (-0.0, "0"), (12.0, "12"), (12.3456, "12.346"), (0.1, "0.1"), (-3.10, "-3.1"), (100.0, "100")];
        for (value, expected) in table {
            assert_eq!(number(value), expected);
        }
    }
}

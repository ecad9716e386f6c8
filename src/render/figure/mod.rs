//! Figures for papers: each view as SVG, from the same geometry as on screen, with title, legend, caption and metadata.
//!
//! ```text
//! | title                     |
//! | view: tokens, cells, lines |   text in points, lengths from the preset's width
//! | legend with numbers        |
//! | caption                    |
//! ```
//! One user unit is a CSS pixel, a ninety-sixth of an inch, so that the picture is as wide as its preset in any program
//! and `pt` means points. The background is white and the colours are those of the light theme, whatever the page looks
//! like. Text stays text. Views are laid out as wide as they would be on screen at the page's font size, then scaled.

mod cells;
pub mod csv;
mod curve;
mod effects;
mod head;
mod legend;
mod map;
mod neurons;
pub mod png;
mod scatter;
mod stream;
mod sum;
mod svg;
mod text;

#[cfg(test)]
mod geometry_tests;
#[cfg(test)]
mod tests;

pub use curve::CurveFigure;
pub use effects::EffectsFigure;
pub use head::HeadFigure;
pub use map::{MapCell, MapFigure};
pub use neurons::{NeuronFigure, NeuronRow};
pub use scatter::ScatterFigure;
pub use stream::{StreamCell, StreamFigure, StreamStep};
pub use sum::{SumFigure, SumLine};

use svg::{PX_PER_PT, SANS, SOFT, Style, Svg, escaped, number};

/// Width of a character at the page's token size, in CSS pixels, for which views are laid out.
const PAGE_CHARACTER: f32 = 7.83;

/// Width of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// One column: 8 cm.
    #[default]
    Column,
    /// The page: 17 cm.
    Page,
}

impl Preset {
    /// Every width, in the order in which they are offered.
    pub const EACH: [Preset; 2] = [Preset::Column, Preset::Page];

    /// Width in centimetres.
    pub fn width_cm(self) -> f32 {
        match self {
            Preset::Column => 8.0,
            Preset::Page => 17.0,
        }
    }

    /// Size of tokens, points.
    pub fn token_pt(self) -> f32 {
        match self {
            Preset::Column => 7.0,
            Preset::Page => 8.0,
        }
    }

    /// Size of numbers, legends and captions, points.
    pub fn small_pt(self) -> f32 {
        match self {
            Preset::Column => 6.0,
            Preset::Page => 7.0,
        }
    }

    /// Size of the title, points.
    pub fn title_pt(self) -> f32 {
        self.token_pt() + 1.0
    }

    /// Width in CSS pixels.
    pub fn width(self) -> f32 {
        self.width_cm() / 2.54 * 96.0
    }
}

/// Texts above and below a figure, and inside its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// Title, one line.
    pub title: String,
    /// Sentences below the figure.
    pub text: String,
    /// The facts of the caption by name, for programs.
    pub fields: Vec<(&'static str, String)>,
}

/// A finished figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The SVG file.
    pub svg: String,
    /// Width in CSS pixels.
    pub width: f32,
    /// Height in CSS pixels.
    pub height: f32,
}

/// A view that can be drawn as a figure.
pub trait Draw {
    /// Draws the view at the origin of its group, and the legend's parts; returns its height.
    fn draw(&self, pen: &mut Pen) -> f32;

    /// Draws the legend at a height; returns the height of its lower end.
    fn legend(&self, pen: &mut Pen, top: f32) -> f32;
}

/// The means with which a view draws itself.
pub struct Pen {
    svg: Svg,
    preset: Preset,
    /// Factor from lengths of the page's layout to lengths of the figure.
    scale: f32,
}

impl Pen {
    /// Width of the layout on the page.
    fn layout_width(&self) -> f32 {
        self.preset.width() / self.scale
    }

    fn token(&self) -> Style {
        Style::new(self.preset.token_pt()).mono()
    }

    fn small(&self) -> Style {
        Style::new(self.preset.small_pt())
    }

    /// The baseline of a text of this size in the middle of a row.
    fn baseline(&self, middle: f32, size_pt: f32) -> f32 {
        middle + size_pt * PX_PER_PT * 0.35
    }
}

/// Draws a view with its title, legend and caption.
pub fn figure(view: &dyn Draw, preset: Preset, caption: &Caption) -> Drawn {
    let character = preset.token_pt() * PX_PER_PT * 0.6;
    let mut pen = Pen { svg: Svg::default(), preset, scale: character / PAGE_CHARACTER };
    let (title, small) = (Style::new(preset.title_pt()).bold(), Style::new(preset.small_pt()).ink(SOFT));
    let line = |size_pt: f32| size_pt * PX_PER_PT * 1.3;
    let mut y = 0.0;
    pen.svg.open("title-line", "");
    for text in text::wrapped_bold(&caption.title, preset.title_pt() * PX_PER_PT, preset.width()) {
        y += line(preset.title_pt());
        pen.svg.text(0.0, y - 0.3 * preset.title_pt() * PX_PER_PT, &title, &text);
    }
    pen.svg.close();
    y += 4.0;
    pen.svg.open("view", &format!("transform=\"translate(0 {})\"", number(y)));
    y += view.draw(&mut pen);
    pen.svg.close();
    y += 6.0;
    pen.svg.open("legend", "");
    y = view.legend(&mut pen, y);
    pen.svg.close();
    y += 2.0;
    pen.svg.open("caption", "");
    for text in text::wrapped(&caption.text, preset.small_pt() * PX_PER_PT, preset.width()) {
        y += line(preset.small_pt());
        pen.svg.text(0.0, y - 0.3 * preset.small_pt() * PX_PER_PT, &small, &text);
    }
    pen.svg.close();
    let (width, height) = (preset.width(), (y + 3.0).ceil());
    let svg = document(preset, (width, height), caption, &pen.svg.finish());
    Drawn { svg, width, height }
}

fn document(preset: Preset, (width, height): (f32, f32), caption: &Caption, body: &str) -> String {
    let fields: String = caption
        .fields
        .iter()
        .map(|(name, value)| {
            format!("      <headlight:field name=\"{}\">{}</headlight:field>\n", escaped(name), escaped(value))
        })
        .collect();
    let field = |wanted: &str| caption.fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    let (title, text) = (escaped(&caption.title), escaped(&caption.text));
    let source = escaped(field("Link").unwrap_or_default());
    let software = escaped(field("Software").unwrap_or_default());
    let (w, h) = (number(width), number(height));
    let height_cm = number(height / 96.0 * 2.54);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns:cc=\"http://creativecommons.org/ns#\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:headlight=\"urn:headlight:figure\" width=\"{}cm\" height=\"{height_cm}cm\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"{SANS}\" role=\"img\" aria-labelledby=\"figure-title figure-desc\">\n\
         <title id=\"figure-title\">{title}</title>\n\
         <desc id=\"figure-desc\">{text}</desc>\n\
         <metadata id=\"figure-metadata\">\n  <rdf:RDF>\n    <cc:Work rdf:about=\"\">\n      \
         <dc:format>image/svg+xml</dc:format>\n      <dc:title>{title}</dc:title>\n      \
         <dc:description>{text}</dc:description>\n      <dc:creator><cc:Agent><dc:title>{software}</dc:title></cc:Agent></dc:creator>\n      \
         <dc:source>{source}</dc:source>\n{fields}    </cc:Work>\n  </rdf:RDF>\n</metadata>\n\
         <rect id=\"background\" width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        number(preset.width_cm()),
    )
}

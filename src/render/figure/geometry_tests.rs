//! Where the texts of a figure stand: inside the picture, and apart from each other, in every view, at both widths.

use super::svg::PX_PER_PT;
use super::*;
use crate::render::scatter::ScatterPoint;
use crate::render::share_curve::ShareCurve;
use crate::render::{Contrast, HeadView, PatternView, Products, Scheme, Shade, StreamScale};
use crate::trace::TokenForm;
use crate::trace::display::{TokenLabel, token_label};

/// A text of a picture: its box, from the tops of capitals to below the baseline.
#[derive(Debug)]
struct Text {
    content: String,
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Text {
    fn meets(&self, other: &Self) -> bool {
        // What touches is apart.
        const SLACK: f32 = 0.2;
        self.left + SLACK < other.right
            && other.left + SLACK < self.right
            && self.top + SLACK < other.bottom
            && other.top + SLACK < self.bottom
    }
}

/// What a tag says by an attribute.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

fn plain(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// The texts of a picture, moved by the groups around them.
fn texts(svg: &str) -> Vec<Text> {
    let mut shifts = vec![0.0f32];
    let mut texts = Vec::new();
    let body = &svg[svg.find("<rect id=\"background\"").unwrap()..];
    for part in body.split('<').skip(1) {
        let (tag, content) = part.split_once('>').unwrap();
        if tag == "/g" {
            shifts.pop();
        } else if tag.starts_with("g ") {
            let moved = attribute(tag, "transform").and_then(|it| it.strip_prefix("translate(0 ")?.strip_suffix(')'));
            shifts.push(shifts.last().unwrap() + moved.map_or(0.0, |shift| shift.parse::<f32>().unwrap()));
        } else if tag.starts_with("text ") {
            texts.push(text_of(tag, &plain(content), *shifts.last().unwrap()));
        }
    }
    texts
}

fn text_of(tag: &str, content: &str, shift: f32) -> Text {
    let length = |name: &str| attribute(tag, name).unwrap().trim_end_matches("pt").parse::<f32>().unwrap();
    let (x, y, size) = (length("x"), length("y") + shift, length("font-size") * PX_PER_PT);
    let width = match (attribute(tag, "font-family"), attribute(tag, "font-weight")) {
        (Some(_), _) => content.chars().count() as f32 * 0.6 * size,
        (None, Some(_)) => text::bold_width(content, size),
        (None, None) => text::width(content, size),
    };
    let start = match attribute(tag, "text-anchor") {
        Some("middle") => -width / 2.0,
        Some("end") => -width,
        _ => 0.0,
    };
    let (along, above, below) = ((start, start + width), 0.72 * size, 0.2 * size);
    let content = content.to_owned();
    match attribute(tag, "transform").is_some_and(|turn| turn.starts_with("rotate(-90")) {
        true => Text { content, left: x - above, right: x + below, top: y - along.1, bottom: y - along.0 },
        false => Text { content, left: x + along.0, right: x + along.1, top: y - above, bottom: y + below },
    }
}

/// Checks views, each with a short and a long title at both widths.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn check(&mut self, what: &str, view: &dyn Draw) {
        let long = "MiniLM or another model with a long name, change of the mean of all 12 heads of layer 11, rollout minus rollout, fonts";
        for (preset, title) in Preset::EACH.into_iter().flat_map(|preset| ["L4H0", long].map(|title| (preset, title))) {
            let text = "A model and its text, tokenised with [CLS]; edits: none. Software and more.".to_owned();
            let drawn = figure(view, preset, &Caption { title: title.to_owned(), text, fields: Vec::new() });
            let texts = texts(&drawn.svg);
            let n_lines = texts.iter().take_while(|text| title.contains(&text.content)).count();
            assert!(n_lines >= 1 && (title != long || n_lines >= 2), "{what}: {texts:?}");
            for (index, text) in texts.iter().enumerate() {
                let is_inside = text.left >= -0.5
                    && text.right <= drawn.width + 0.5
                    && text.top >= -0.5
                    && text.bottom <= drawn.height;
                if !is_inside {
                    self.0.push(format!("{what}, {preset:?}: cut off at {} × {}: {text:?}", drawn.width, drawn.height));
                }
                let met = texts[..index].iter().find(|other| other.meets(text));
                self.0.extend(met.map(|other| format!("{what}, {preset:?}: {other:?} meets {text:?}")));
            }
        }
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        assert!(self.0.is_empty() || std::thread::panicking(), "{} faults:\n{}", self.0.len(), self.0.join("\n"));
    }
}

fn labels(n: usize) -> Vec<TokenLabel> {
    let words = ["[CLS]", "the", "internationalisation", "of", "##ing", "cat"];
    (0..n).map(|index| token_label(words[index % words.len()], TokenForm::Wordpiece)).collect()
}

#[test]
fn texts_of_the_head_view() {
    let mut faults = Faults::default();
    for (n, n_heads) in [(3, 1), (15, 2), (40, 12)] {
        let values: Vec<f32> = (0..n_heads * n * n).map(|at| ((at * 7) % 11) as f32 / 11.0).collect();
        let (labels, units, heads) = (labels(n), (0..n).collect::<Vec<_>>(), (0..n_heads).collect::<Vec<_>>());
        for (is_matrix, is_split) in [(false, false), (false, true), (true, false), (true, true)] {
            for contrast in [None, Some(Contrast::new(0.5, Scheme::Light))] {
                let view = HeadView {
                    patterns: PatternView::new(&values, n_heads, n, n).unwrap(),
                    heads: &heads,
                    queries: &units,
                    keys: &units,
                    marked_queries: &[1],
                    marked_keys: &[],
                    shade: Shade::default(),
                    contrast,
                };
                let figure = HeadFigure {
                    view,
                    query_labels: &labels,
                    key_labels: &labels,
                    second_start: Some(n / 2),
                    layer: 11,
                    n_heads,
                    is_matrix,
                    is_split,
                    sees: &|_, _| true,
                    meaning: "Opacity: weight. Weights below 0.004 would be too faint and are not drawn.".to_owned(),
                    number: "weight",
                    whole_layer: None,
                };
                faults.check(&format!("{n} tokens, {n_heads} heads, matrix {is_matrix}, apart {is_split}"), &figure);
            }
        }
    }
}

#[test]
fn texts_of_the_model_view() {
    let mut faults = Faults::default();
    let cells = [1.0, 0.0, 0.5, 0.5];
    for (n_layers, n_heads) in [(1, 1), (6, 12), (30, 9), (2, 16)] {
        for is_sorted in [false, true] {
            let cell = |(layer, head): (usize, usize)| match (layer + head) % 2 {
                0 => Some(MapCell::Heat(&cells, 2, 2)),
                _ => Some(MapCell::Number(Some((-0.25, -0.25)))),
            };
            let map = MapFigure {
                rows: (0..n_layers).map(|layer| (0..n_heads).map(|head| (layer, head)).collect()).collect(),
                cell: &cell,
                is_sorted,
                is_max: true,
                shade: Shade::default(),
                contrast: None,
                tokens: [Vec::new(), Vec::new()],
                ends: ("0".to_owned(), "1".to_owned()),
                meaning: "Colour: weight.".to_owned(),
                number: "weight",
                is_layer_wide: false,
            };
            faults.check(&format!("{n_layers} × {n_heads}, sorted {is_sorted}"), &map);
        }
    }
}

#[test]
fn texts_of_the_neuron_view() {
    let mut faults = Faults::default();
    for (n, d_head) in [(3, 2), (20, 64)] {
        let labels = labels(n);
        let values: Vec<f32> = (0..n * d_head).map(|at| ((at * 5) % 13) as f32 - 6.0).collect();
        let products = Products { queries: &values, keys: &values, d_head, against: None };
        let row = |key| NeuronRow {
            key,
            is_seen: key < 2,
            dot: Some(-123.45),
            score: Some(-15.43),
            weight: Some(0.125),
            value: Some(12.345),
        };
        for shows_keys in [false, true] {
            let figure = NeuronFigure {
                products,
                order: &(0..d_head).collect::<Vec<_>>(),
                query: 1,
                rows: (0..n).map(row).collect(),
                query_labels: &labels,
                key_labels: &labels,
                limits: (12.5, 130.0),
                neuron: Some(0),
                shows_keys,
                meaning: "s = 0.125".to_owned(),
            };
            faults.check(&format!("{n} keys, {d_head} neurons, keys {shows_keys}"), &figure);
        }
    }
}

#[test]
fn texts_of_the_stream_view() {
    let mut faults = Faults::default();
    for n in [1, 5, 15, 40, 64, 100] {
        let cell = |row: usize, column: usize| StreamCell {
            text: if (row + column).is_multiple_of(2) { "international" } else { "0.25" }.to_owned(),
            value: Some(0.5),
        };
        let rows = (0..30).map(|layer| format!("L{layer}")).chain(["output".to_owned()]);
        let figure = StreamFigure {
            row_names: rows.collect(),
            labels: (0..n).map(|at| format!("token{at}")).collect(),
            cell: &cell,
            scale: Some(StreamScale::Difference(1.0)),
            ends: ("−1".to_owned(), "1".to_owned()),
            meaning: "Colour: probability of the top token".to_owned(),
            path: Vec::new(),
        };
        faults.check(&format!("{n} positions"), &figure);
    }
}

#[test]
fn texts_of_effects_sums_and_points() {
    let mut faults = Faults::default();
    for (n, is_by_position) in [(9, false), (64, false), (14, true), (90, true)] {
        let figure = EffectsFigure {
            effects: (0..30 * n).map(|at| (at % 7 != 0).then_some(at as f32 / 100.0 - 1.0)).collect(),
            columns: (0..n).map(|at| if is_by_position { format!("·word{at}") } else { at.to_string() }).collect(),
            is_by_position,
            largest: 12.345,
            meaning: "Effect: outcome without the edit minus with it".to_owned(),
        };
        faults.check(&format!("effects of {n}, by position {is_by_position}"), &figure);
    }
    let line = |name: &str, sum| SumLine { name: name.to_owned(), value: -123.456, sum };
    for sum in [None, Some(-1234.567)] {
        let names = ["embeddings", "MLP of layer 29 with a long name", "L29H8", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"];
        let lines = names.iter().map(|name| line(name, sum)).collect();
        faults.check("a sum", &SumFigure { lines, meaning: "Sum of all components 6.12.".to_owned() });
    }
    for (low, high) in [(0.0, 3.0), (-2.0, 0.0), (-1.5, 1.5), (0.0, 0.0), (-0.01, 20.0)] {
        let point =
            |value| ScatterPoint { name: "L0H0".to_owned(), estimate: value, exact: value, is_drawn: value > 0.0 };
        let figure = ScatterFigure { points: vec![point(low), point(high)], meaning: "r = 0.9".to_owned() };
        faults.check(&format!("points from {low} to {high}"), &figure);
    }
    for points in [vec![(1, [0.5, 0.5])], vec![(1, [-3.25, 0.9]), (1_000, [1.0, 12.5])]] {
        let curve = ShareCurve::new(points);
        let name = format!("a curve up to {}", curve.last());
        faults.check(&name, &CurveFigure { curve, meaning: "Blue: F of the links that are kept.".to_owned() });
    }
}

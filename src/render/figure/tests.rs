//! Figures as text: the positions and sizes of their parts, and their metadata.

use super::*;
use crate::render::{Contrast, HeadView, PatternView, Products, Scheme, Shade};
use crate::trace::TokenForm;
use crate::trace::display::{TokenLabel, token_label};

const WEIGHTS: [f32; 18] = [
    1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.5, //
    1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0,
];

fn labels() -> Vec<TokenLabel> {
    ["[CLS]", "</text><script>alert(1)</script>", "##ing"]
        .iter()
        .map(|token| token_label(token, TokenForm::Wordpiece))
        .collect()
}

fn head_figure<'a>(heads: &'a [usize], labels: &'a [TokenLabel], is_matrix: bool, is_split: bool) -> HeadFigure<'a> {
    HeadFigure {
        view: HeadView {
            patterns: PatternView::new(&WEIGHTS, 2, 3, 3).unwrap(),
            heads,
            queries: &[0, 1, 2],
            keys: &[0, 1, 2],
            marked_queries: &[],
            marked_keys: &[],
            shade: Shade::default(),
            contrast: None,
        },
        query_labels: labels,
        key_labels: labels,
        second_start: Some(2),
        layer: 4,
        n_heads: 2,
        is_matrix,
        is_split,
        sees: &|query, key| key <= query,
        meaning: "Opacity: weight.".to_owned(),
        number: "weight",
        whole_layer: None,
    }
}

fn caption() -> Caption {
    Caption {
        title: "Layer 4, head 0".to_owned(),
        text: "A model & its text: “<b>”.".to_owned(),
        fields: vec![("Model", "tiny <1>".to_owned()), ("Software", "Headlight".to_owned())],
    }
}

/// The values of an attribute, in order.
fn attributes<'a>(svg: &'a str, element: &str, name: &str) -> Vec<&'a str> {
    let start = format!("<{element} ");
    let starts = svg.match_indices(start.as_str()).map(|(at, _)| &svg[at..]);
    let value = |element: &'a str| {
        let element = &element[..element.find('>')?];
        let start = element.find(&format!(" {name}=\""))? + name.len() + 3;
        element[start..].split('"').next()
    };
    starts.filter_map(value).collect()
}

/// A small XML reader: every element closes, nothing is left open.
fn is_well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    let body = svg.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
    for part in body.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { return false };
        if text.contains('>')
            || text
                .replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "")
                .replace("&quot;", "")
                .replace("&#39;", "")
                .contains('&')
        {
            return false;
        }
        match tag.strip_prefix('/') {
            Some(name) if open.pop() != Some(name) => return false,
            Some(_) => {}
            None if tag.ends_with('/') => {}
            None => open.push(tag.split_whitespace().next().unwrap_or_default()),
        }
    }
    open.is_empty()
}

#[test]
fn lines_of_a_head() {
    let labels = labels();
    for preset in Preset::EACH {
        let drawn = figure(&head_figure(&[0], &labels, false, false), preset, &caption());
        let svg = &drawn.svg;
        assert!(is_well_formed(svg), "{svg}");
        let width = format!("width=\"{}cm\"", preset.width_cm());
        assert!(svg.contains(&width) && svg.contains(&format!("viewBox=\"0 0 {} ", number(preset.width()))), "{svg}");
        // Six weights above zero, drawn faintest first.
        let opacities = attributes(svg, "line", "stroke-opacity");
        assert_eq!(opacities, ["0.25", "0.25", "0.5", "0.5", "0.5"], "and one of opacity 1, which is not said");
        assert_eq!(attributes(svg, "line", "x1").len(), 6);
        let sizes = attributes(svg, "text", "font-size");
        assert!(sizes.iter().all(|size| size.ends_with("pt")), "{sizes:?}");
        assert!(sizes.contains(&format!("{}pt", preset.token_pt()).as_str()));
        // Tokens are text, whatever they hold; columns end inside the picture.
        assert!(!svg.contains("<script") && svg.contains("&lt;/text&gt;&lt;"), "{svg}");
        let right = attributes(svg, "text", "x").iter().map(|x| x.parse::<f32>().unwrap()).fold(0.0, f32::max);
        assert!(right <= preset.width() + 0.5, "{right}");
        for id in ["view", "lines-L4H0", "query-tokens", "key-tokens", "numbers", "legend", "caption"] {
            assert!(svg.contains(&format!("id=\"{id}\"")), "{id} is not there");
        }
    }
}

#[test]
fn the_same_picture_in_both_widths() {
    let labels = labels();
    let ends = |preset| {
        let drawn = figure(&head_figure(&[0], &labels, false, false), preset, &caption());
        let numbers =
            |name| attributes(&drawn.svg, "line", name).iter().map(|x| x.parse::<f32>().unwrap()).collect::<Vec<_>>();
        (numbers("y1"), numbers("y2"))
    };
    let (narrow, wide) = (ends(Preset::Column), ends(Preset::Page));
    let ratio = Preset::Page.token_pt() / Preset::Column.token_pt();
    for (a, b) in narrow.0.iter().chain(&narrow.1).zip(wide.0.iter().chain(&wide.1)) {
        assert!((a * ratio - b).abs() < 0.05, "{a} × {ratio} is not {b}");
    }
    // Row 0 is half a row down, row 2 two rows lower.
    let row = 20.0 * Preset::Page.token_pt() * PX_PER_PT * 0.6 / PAGE_CHARACTER;
    assert!(wide.0.iter().any(|y| (y - row / 2.0).abs() < 0.01) && wide.1.iter().any(|y| (y - row * 2.5).abs() < 0.01));
}

#[test]
fn a_matrix_has_a_cell_for_each_weight_that_is_seen() {
    let labels = labels();
    let drawn = figure(&head_figure(&[1], &labels, true, false), Preset::Column, &caption());
    let paths = attributes(&drawn.svg, "path", "d");
    let cells: Vec<&&str> = paths.iter().filter(|data| data.contains('z')).collect();
    assert_eq!((cells.len(), cells[0].matches('z').count()), (1, 3), "three cells of weight 1: {paths:?}");
    assert!(drawn.svg.contains("rotate(-90 ") && drawn.svg.contains("id=\"keys-L4H1\""));
    assert!(is_well_formed(&drawn.svg));
}

#[test]
fn heads_beside_each_other_have_names_and_pictures_of_their_own() {
    let labels = labels();
    let drawn = figure(&head_figure(&[0, 1], &labels, false, true), Preset::Page, &caption());
    for id in ["lines-L4H0", "lines-L4H1"] {
        assert!(drawn.svg.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(drawn.svg.contains(">L4H0</text>") && drawn.svg.contains(">L4H1</text>"));
}

#[test]
fn what_it_is_goes_along() {
    let labels = labels();
    let svg = figure(&head_figure(&[0], &labels, false, false), Preset::Column, &caption()).svg;
    assert!(svg.contains("<title id=\"figure-title\">Layer 4, head 0</title>"));
    assert!(svg.contains("<dc:description>A model &amp; its text: “&lt;b&gt;”.</dc:description>"));
    assert!(svg.contains("<headlight:field name=\"Model\">tiny &lt;1&gt;</headlight:field>"));
    assert!(svg.contains("fill=\"#ffffff\""), "a white background");
}

#[test]
fn a_map_of_heads() {
    let cells = [1.0, 0.0, 0.5, 0.5];
    let tokens = || vec![(1, "cat".to_owned()), (2, "a,b".to_owned())];
    let cell = |(layer, head): (usize, usize)| match (layer, head) {
        (0, 0) => Some(MapCell::Heat(&cells, 2, 2)),
        (0, 1) => Some(MapCell::Lines(&cells, 2, 2)),
        (1, 0) => Some(MapCell::Number(Some((0.25, 0.25)))),
        _ => Some(MapCell::Number(None)),
    };
    let map = MapFigure {
        rows: vec![vec![(0, 0), (0, 1)], vec![(1, 0), (1, 1)]],
        cell: &cell,
        is_sorted: false,
        is_max: true,
        shade: Shade::default(),
        contrast: None,
        tokens: [tokens(), tokens()],
        ends: ("0".to_owned(), "1".to_owned()),
        meaning: "Colour: weight.".to_owned(),
        number: "weight",
        is_layer_wide: false,
    };
    let svg = figure(&map, Preset::Column, &caption()).svg;
    assert!(is_well_formed(&svg), "{svg}");
    for id in ["L0H0", "L0H1", "L1H0", "L1H1", "head-numbers", "layer-numbers"] {
        assert!(svg.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(svg.contains(">0.25</text>"));
    assert_eq!(attributes(&svg, "path", "stroke-opacity"), ["0.5"], "lines by their opacity; 1 is not said");
    assert_eq!(csv::map(&map).lines().next(), Some("layer,head,query,query_token,key,key_token,weight"));
    assert!(csv::map(&map).contains("\r\n0,0,2,\"a,b\",1,cat,0.5\r\n"), "{}", csv::map(&map));
    let changes = [-0.2, 0.2, 0.05, 0.0];
    let cell = |_: (usize, usize)| Some(MapCell::Heat(&changes, 2, 2));
    let map = MapFigure { cell: &cell, contrast: Some(Contrast::new(0.2, Scheme::Light)), ..map };
    let svg = figure(&map, Preset::Column, &caption()).svg;
    let (less, more) = (Contrast::new(1.0, Scheme::Light).negative, Contrast::new(1.0, Scheme::Light).positive);
    assert!(svg.contains(&svg::hex(less)) && svg.contains(&svg::hex(more)), "both signs have their colours");
    assert!(svg.contains(">−0.2</text>") && svg.contains(">+0.2</text>"), "the scale has two ends");
    assert!(
        csv::map(&map).starts_with("layer,head,query,query_token,key,key_token,change\r\n0,0,1,cat,1,cat,-0.2\r\n")
    );
}

/// A picture of a whole layer names no head, has no head's colour, and its table says what the numbers are.
#[test]
fn a_layer_wide_picture_claims_no_head() {
    let labels = labels();
    let whole = HeadFigure {
        view: HeadView {
            patterns: PatternView::new(&WEIGHTS[..9], 1, 3, 3).unwrap(),
            ..head_figure(&[0], &labels, false, false).view
        },
        number: "rollout",
        whole_layer: Some("rollout"),
        ..head_figure(&[0], &labels, false, false)
    };
    let svg = figure(&whole, Preset::Column, &caption()).svg;
    assert!(is_well_formed(&svg) && svg.contains(">Layer 4</text>") && svg.contains("id=\"lines-L4\""), "{svg}");
    assert!(!svg.contains("L4H0"), "{svg}");
    let neutral = crate::render::HeadColours::neutral(Scheme::Light).line[0];
    assert!(svg.contains(&svg::hex(neutral)));
    assert!(csv::head(&whole).starts_with("layer,query,query_token,key,key_token,rollout\r\n4,0,[CLS],0,[CLS],1\r\n"));
    let contrast = Some(Contrast::new(0.5, Scheme::Light));
    let change = HeadFigure { view: HeadView { contrast, ..whole.view }, ..whole };
    assert!(csv::head(&change).starts_with("layer,query,query_token,key,key_token,rollout_change\r\n"));
    let cells = [1.0, 0.0, 0.5, 0.5];
    let cell = |_: (usize, usize)| Some(MapCell::Heat(&cells, 2, 2));
    let map = MapFigure {
        rows: vec![vec![(0, 0)], vec![(1, 0)]],
        cell: &cell,
        is_sorted: false,
        is_max: true,
        shade: Shade::default(),
        contrast: None,
        tokens: [Vec::new(), Vec::new()],
        ends: ("0".to_owned(), "1".to_owned()),
        meaning: "Colour: rollout.".to_owned(),
        number: "rollout",
        is_layer_wide: true,
    };
    let svg = figure(&map, Preset::Column, &caption()).svg;
    assert!(svg.contains("id=\"L1\"") && !svg.contains("L1H0") && svg.contains("A cell for each layer."), "{svg}");
    assert!(csv::map(&map).starts_with("layer,query,query_token,key,key_token,rollout\r\n0,0,,0,,1\r\n"));
}

#[test]
fn a_sum_has_a_bar_with_its_sign_for_each_component() {
    let line = |name: &str, value: f32, sum: f32| SumLine { name: name.to_owned(), value, sum: Some(sum) };
    let lines = vec![line("embeddings", 0.5, 0.5), line("L0 <attention>", -2.0, -1.5), line("constants", 1.0, -0.5)];
    let meaning = "Sum of all components −0.5.".to_owned();
    let sum = SumFigure { lines, meaning };
    let svg = figure(&sum, Preset::Page, &caption()).svg;
    assert!(is_well_formed(&svg), "{svg}");
    for text in ["embeddings", "L0 &lt;attention&gt;", "+0.500", "−2.000", "−1.500", "sum so far"] {
        assert!(svg.contains(&format!(">{text}</text>")), "{text}: {svg}");
    }
    let lengths =
        |name| attributes(&svg, "rect", name).iter().filter_map(|x| x.parse::<f32>().ok()).collect::<Vec<_>>();
    // After the background: to the right of zero, to the left at full reach, to the right by half of that.
    let (x, width) = (lengths("x"), lengths("width"));
    let bars: Vec<(f32, f32)> = x.iter().copied().zip(width[1..].iter().copied()).collect();
    assert_eq!(bars.len(), 3);
    assert!((bars[0].0 - bars[2].0).abs() < 0.01 && (bars[1].0 + bars[1].1 - bars[0].0).abs() < 0.1, "{bars:?}");
    assert!((bars[1].1 - 2.0 * bars[2].1).abs() < 0.1 && (bars[2].1 - 2.0 * bars[0].1).abs() < 0.1, "{bars:?}");
}

#[test]
fn neurons_and_their_numbers() {
    let labels = labels();
    let (queries, keys) = ([0.0, 0.0, 1.0, -2.0, 0.5, 0.5], [1.0, 1.0, 0.5, 0.25, -1.0, 2.0]);
    let products = Products { queries: &queries, keys: &keys, d_head: 2, against: None };
    let row = |key: usize, is_seen| NeuronRow {
        key,
        is_seen,
        dot: is_seen.then(|| products.dot(1, key)),
        score: Some(if is_seen { products.dot(1, key) } else { f32::NEG_INFINITY }),
        weight: Some(if is_seen { 0.5 } else { 0.0 }),
        value: None,
    };
    let view = NeuronFigure {
        products,
        order: &[1, 0],
        query: 1,
        rows: vec![row(0, true), row(1, true), row(2, false)],
        query_labels: &labels,
        key_labels: &labels,
        limits: (2.0, 2.0),
        neuron: Some(0),
        shows_keys: false,
        meaning: "s = 0.7".to_owned(),
    };
    for preset in Preset::EACH {
        let svg = figure(&view, preset, &caption()).svg;
        assert!(is_well_formed(&svg), "{svg}");
        assert!(svg.contains("id=\"cells-products\"") && svg.contains("id=\"marked-neuron-products\""));
    }
    let svg = figure(&view, Preset::Page, &caption()).svg;
    assert!(svg.contains("id=\"cells-keys\"") && svg.contains(">−1.00</text>") && svg.contains(">−∞</text>"), "{svg}");
    let table = csv::neurons(&view);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "row,position,token,dot,score,weight,weight_times_value,n0,n1");
    assert!(lines[1].starts_with("query,1,") && lines[1].ends_with(",,,,,1,-2"), "{}", lines[1]);
    assert_eq!(lines[2], "key,0,[CLS],-1,-1,0.5,,1,1");
    assert!(lines[4].ends_with(",,-inf,0,,-1,2"), "{}", lines[4]);
}

#[test]
fn every_weight_is_in_the_table() {
    let labels = labels();
    let csv = csv::head(&head_figure(&[1], &labels, false, false));
    assert_eq!(csv.lines().count(), 10);
    assert!(csv.contains("\r\n4,1,0,[CLS],0,[CLS],1\r\n"), "{csv}");
    assert!(csv.contains("\r\n4,1,0,[CLS],2,##ing,\r\n"), "what the mask hides has no weight: {csv}");
}

#[test]
fn changes_of_a_head_have_two_colours_and_signs() {
    let (labels, contrast) = (labels(), Contrast::new(0.5, Scheme::Light));
    let changes: Vec<f32> = WEIGHTS.iter().map(|weight| weight - 0.5).collect();
    let drawn = |is_matrix: bool| {
        let figure = head_figure(&[0], &labels, is_matrix, false);
        let patterns = PatternView::new(&changes, 2, 3, 3).unwrap();
        let view = HeadView { patterns, contrast: Some(contrast), ..figure.view };
        self::figure(&HeadFigure { view, ..figure }, Preset::Column, &caption()).svg
    };
    for svg in [drawn(false), drawn(true)] {
        assert!(is_well_formed(&svg), "{svg}");
        let hex = |colour| svg::hex(colour);
        assert!(svg.contains(&hex(contrast.negative)) && svg.contains(&hex(contrast.positive)), "{svg}");
        assert!(svg.contains(">−0.5</text>") && svg.contains(">+0.5</text>"), "{svg}");
    }
    let same = [0.0; 18];
    let figure = head_figure(&[0], &labels, false, false);
    let patterns = PatternView::new(&same, 2, 3, 3).unwrap();
    let view = HeadView { patterns, contrast: Some(Contrast::new(0.0, Scheme::Light)), ..figure.view };
    let svg = self::figure(&HeadFigure { view, ..figure }, Preset::Column, &caption()).svg;
    assert!(!svg.contains("weight-scale") && is_well_formed(&svg), "no scale where nothing changes: {svg}");
    let figure = head_figure(&[0], &labels, false, false);
    let patterns = PatternView::new(&changes, 2, 3, 3).unwrap();
    let view = HeadView { patterns, contrast: Some(contrast), ..figure.view };
    assert!(
        csv::head(&HeadFigure { view, ..figure }).starts_with("layer,head,query,query_token,key,key_token,change\r\n")
    );
}

#[test]
fn effects_of_a_sweep_have_their_columns_and_their_gaps() {
    let drawn = |is_by_position: bool, columns: [&str; 2]| {
        let effects = EffectsFigure {
            effects: vec![Some(0.5), Some(-0.25), None, Some(0.0)],
            columns: columns.map(str::to_owned).to_vec(),
            is_by_position,
            largest: 0.5,
            meaning: "Effect".to_owned(),
        };
        figure(&effects, Preset::Column, &caption()).svg
    };
    let tokens = drawn(true, ["·Mary", "<b>"]);
    assert!(is_well_formed(&tokens), "{tokens}");
    assert!(tokens.contains(">·Mary</text>") && tokens.contains(">&lt;b&gt;</text>") && tokens.contains("rotate(-90 "));
    assert!(tokens.contains("Grey: 1 cells without a value."), "{tokens}");
    let ends = [1.0, -0.5].map(|share| svg::hex(crate::render::Diverging::new(Scheme::Light).at(share)));
    assert!(
        ends.iter().all(|colour| tokens.contains(colour)),
        "blue for what supports the answer, orange for what hinders it"
    );
    assert!(tokens.contains(">−0.5</text>") && tokens.contains(">+0.5</text>"));
    let heads = drawn(false, ["0", "1"]);
    assert!(heads.contains("columns: heads.") && !heads.contains("rotate(-90 "), "{heads}");
}

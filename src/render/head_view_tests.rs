//! Expected geometry of the head view, number by number.

use super::*;

/// Two heads over three tokens: head 0 looks at itself, head 1 mostly at token 0.
const VALUES: [f32; 18] = [
    1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, //
    1.0, 0.0, 0.0, 0.75, 0.25, 0.0, 0.5, 0.25, 0.25,
];
const ALL: [usize; 3] = [0, 1, 2];
const WINDOW: Window = Window { width: 720.0, height: 60.0, scroll: 0.0, row_height: 20.0 };

fn colours() -> HeadColours {
    HeadColours { line: vec![[200, 0, 0], [0, 0, 100]], strip: vec![[1, 1, 1], [2, 2, 2]] }
}

fn view<'a>(heads: &'a [usize], marked_queries: &'a [usize], marked_keys: &'a [usize]) -> HeadView<'a> {
    let patterns = PatternView::new(&VALUES, 2, 3, 3).unwrap();
    HeadView {
        patterns,
        heads,
        queries: &ALL,
        keys: &ALL,
        marked_queries,
        marked_keys,
        shade: Shade::default(),
        contrast: None,
    }
}

fn line(query: usize, key: usize, colour: Rgb, alpha: f32) -> Line {
    let y = |row: usize| 10.0 + 20.0 * row as f32;
    Line { query, key, query_y: y(query), key_y: y(key), colour, alpha }
}

#[test]
fn one_line_per_pair_with_the_mean_weight_and_the_mixed_colour() {
    let (red, blue) = ([200, 0, 0], [0, 0, 100]);
    let mixed = |red: f32, blue: f32| {
        let (red, blue) = (red * red, blue * blue);
        [(200.0 * red / (red + blue)).round() as u8, 0, (100.0 * blue / (red + blue)).round() as u8]
    };
    assert_eq!(
        view(&[0, 1], &[], &[]).lines(&WINDOW, &colours()),
        [
            line(2, 1, blue, 0.125),
            line(2, 0, blue, 0.25),
            line(1, 0, blue, 0.375),
            line(1, 1, mixed(1.0, 0.25), 0.625),
            line(2, 2, mixed(1.0, 0.25), 0.625),
            line(0, 0, mixed(1.0, 1.0), 1.0),
        ]
    );
    let single = view(&[0], &[], &[]).lines(&WINDOW, &colours());
    assert_eq!(single, [line(0, 0, red, 1.0), line(1, 1, red, 1.0), line(2, 2, red, 1.0)]);
}

#[test]
fn marked_tokens_have_only_their_lines() {
    let pairs = |queries: &[usize], keys: &[usize]| -> Vec<(usize, usize)> {
        view(&[1], queries, keys).lines(&WINDOW, &colours()).iter().map(|line| (line.query, line.key)).collect()
    };
    assert_eq!(pairs(&[1], &[]), [(1, 1), (1, 0)]);
    assert_eq!(pairs(&[], &[0]), [(2, 0), (1, 0), (0, 0)]);
    assert_eq!(pairs(&[1, 2], &[0]), [(2, 0), (1, 0)]);
    // A link that is not seen, as one that was cut: its query's row.
    assert_eq!(pairs(&[0], &[2]), [(0, 0)]);
    assert_eq!(pairs(&[1], &[2]), [(1, 1), (1, 0)]);
    assert!(view(&[1], &[1], &[2]).draws_whole_rows());
    assert!(!view(&[1], &[1, 2], &[2]).draws_whole_rows() && !view(&[1], &[], &[2]).draws_whole_rows());
}

#[test]
fn a_filter_moves_rows_and_hides_marks_outside() {
    let filtered = HeadView { queries: &[1, 2], keys: &[0], ..view(&[1], &[0], &[]) };
    let expected = [
        Line { query: 2, key: 0, query_y: 30.0, key_y: 10.0, colour: [0, 0, 100], alpha: 0.5 },
        Line { query: 1, key: 0, query_y: 10.0, key_y: 10.0, colour: [0, 0, 100], alpha: 0.75 },
    ];
    assert_eq!(filtered.lines(&WINDOW, &colours()), expected, "a mark that is not shown marks nothing");
    let of_shown = Received { side: Side::Key, weights: vec![0.625], is_mean: true };
    assert_eq!(filtered.received(), of_shown);
    assert_eq!(filtered.shown_mass(), 0.625);
}

#[test]
fn what_cannot_be_seen_is_not_drawn() {
    // Only row 0 is seen: lines between rows 1 and 2 have neither end in the window.
    let window = Window { height: 20.0, ..WINDOW };
    let lines = view(&[0, 1], &[], &[]).lines(&window, &colours());
    let pairs: Vec<_> = lines.iter().map(|line| (line.query, line.key)).collect();
    assert_eq!(pairs, [(2, 0), (1, 0), (0, 0)]);
    assert_eq!(lines[0].query_y, 50.0, "ends outside the window are drawn towards");

    let faint = [0.9, 1.0 / 256.0, 1.0 / 255.0, 0.1];
    let patterns = PatternView::new(&faint, 1, 2, 2).unwrap();
    let view = HeadView { patterns, heads: &[0], queries: &[0, 1], keys: &[0, 1], ..view(&[], &[], &[]) };
    let pairs: Vec<_> = view.lines(&WINDOW, &colours()).iter().map(|line| (line.query, line.key)).collect();
    assert_eq!(pairs, [(1, 0), (1, 1), (0, 0)]);
}

#[test]
fn strips_behind_the_other_side() {
    let columns = Columns::fit(720.0, 158.0);
    let strip = |slot: usize, row: usize, alpha: f32| Strip {
        x: 514.0 + 79.0 * slot as f32,
        y: 20.0 * row as f32 + 1.0,
        width: 79.0,
        height: 18.0,
        colour: [slot as u8 + 1; 3],
        alpha,
    };
    let keys_of = |queries: &[usize]| view(&[0, 1], queries, &[]).strips(&columns, &WINDOW, &colours());
    assert_eq!(keys_of(&[1]), [strip(1, 0, 0.75), strip(0, 1, 1.0), strip(1, 1, 0.25)]);
    assert_eq!(keys_of(&[1, 2])[0], strip(1, 0, 1.0), "sums beyond 1 are as opaque as 1");
    let queries_of = view(&[1], &[], &[1]).strips(&columns, &WINDOW, &colours());
    let wide = |row: usize| Strip {
        x: 48.0,
        y: 20.0 * row as f32 + 1.0,
        width: 158.0,
        height: 18.0,
        colour: [2; 3],
        alpha: 0.25,
    };
    assert_eq!(queries_of, [wide(1), wide(2)]);
    assert_eq!(view(&[0, 1], &[], &[]).strips(&columns, &WINDOW, &colours()), []);
}

#[test]
fn numbers_beside_the_other_side() {
    let received = |heads: &[usize], queries: &[usize], keys: &[usize]| view(heads, queries, keys).received();
    let expected = |side, weights: &[f32]| Received { side, weights: weights.to_vec(), is_mean: false };
    let idle = Received { is_mean: true, ..expected(Side::Key, &[2.25 / 3.0, 0.5 / 3.0, 0.25 / 3.0]) };
    assert_eq!(received(&[1], &[], &[]), idle, "how much each key is read on average");
    assert_eq!(received(&[0, 1], &[1], &[]), expected(Side::Key, &[0.375, 0.625, 0.0]));
    assert_eq!(received(&[1], &[1, 2], &[]), expected(Side::Key, &[1.25, 0.5, 0.25]));
    assert_eq!(received(&[1], &[], &[0]), expected(Side::Query, &[1.0, 0.75, 0.5]));
    assert_eq!(
        received(&[1], &[2], &[0]),
        expected(Side::Key, &[0.5, 0.25, 0.25]),
        "pinned queries keep their numbers"
    );
}

#[test]
fn strongest_links() {
    let link = |head, query, key, weight| Link { head, query, key, weight };
    let strongest = view(&[0, 1], &[1], &[]).strongest(3);
    assert_eq!(strongest, [link(0, 1, 1, 1.0), link(1, 1, 0, 0.75), link(1, 1, 1, 0.25)]);
    let pair = view(&[0, 1], &[2], &[0]).strongest(12);
    assert_eq!(pair, [link(1, 2, 0, 0.5), link(0, 2, 0, 0.0)], "a pair lists every active head");
    assert_eq!(view(&[0], &[], &[]).strongest(2), [link(0, 0, 0, 1.0), link(0, 1, 1, 1.0)]);
    assert_eq!(view(&[0], &[], &[]).strongest(0), []);
    let of_each = view(&[0, 1], &[2], &[]).strongest_of_each_head();
    assert_eq!(of_each, [link(0, 2, 2, 1.0), link(1, 2, 0, 0.5)]);
}

#[test]
fn lines_and_strips_are_seen_through_the_shade() {
    let shaded = |shade: Shade| -> Vec<(usize, usize, f32)> {
        let view = HeadView { shade, ..view(&[1], &[2], &[]) };
        view.lines(&WINDOW, &colours()).iter().map(|line| (line.query, line.key, line.alpha)).collect()
    };
    let linear = Shade::default();
    assert_eq!(shaded(linear), [(2, 1, 0.25), (2, 2, 0.25), (2, 0, 0.5)]);
    assert_eq!(shaded(Shade { min_weight: 0.3, ..linear }), [(2, 0, 0.5)]);
    assert_eq!(shaded(Shade { is_per_row: true, ..linear }), [(2, 1, 0.5), (2, 2, 0.5), (2, 0, 1.0)]);
    let log = shaded(Shade { is_log: true, ..linear });
    assert!((log[0].2 - (1.0 - 0.25f32.ln() / 1e-4f32.ln())).abs() < 1e-6);
    let columns = Columns::fit(720.0, 158.0);
    let strips = HeadView { shade: Shade { is_per_row: true, ..linear }, ..view(&[1], &[2], &[]) };
    let alphas: Vec<f32> = strips.strips(&columns, &WINDOW, &colours()).iter().map(|strip| strip.alpha).collect();
    assert_eq!(alphas, [1.0, 0.5, 0.5]);
}

#[test]
fn cells_are_the_mean_of_the_heads() {
    let levels = |heads: &[usize], query: usize| view(heads, &[], &[]).levels(query).collect::<Vec<_>>();
    assert_eq!(levels(&[1], 1), [0.75, 0.25, 0.0]);
    assert_eq!(levels(&[0, 1], 1), [0.375, 0.625, 0.0]);
    assert_eq!(view(&[0, 1], &[], &[]).shown_mass(), 1.0);
}

/// Differences: as strong as their share of the scale's end, coloured by their sign, ranked by their size.
#[test]
fn differences_are_drawn_by_sign_and_size() {
    let values = [0.0, 0.0, 0.1, -0.1, 0.05, -0.2, 0.0, 0.0, 0.0];
    let contrast = Contrast::new(0.2, crate::render::Scheme::Light);
    let patterns = PatternView::new(&values, 1, 3, 3).unwrap();
    let view = HeadView { patterns, contrast: Some(contrast), ..view(&[0], &[], &[]) };
    let lines = view.lines(&WINDOW, &colours());
    let expected = [
        line(1, 1, contrast.positive, 0.25),
        line(0, 2, contrast.positive, 0.5),
        line(1, 0, contrast.negative, 0.5),
        line(1, 2, contrast.negative, 1.0),
    ];
    assert_eq!(lines.len(), expected.len());
    for (found, expected) in lines.iter().zip(&expected) {
        assert_eq!((found.query, found.key, found.colour), (expected.query, expected.key, expected.colour));
        assert!((found.alpha - expected.alpha).abs() < 1e-6, "{found:?}");
    }
    assert_eq!(view.levels(1).map(|level| level.signum()).collect::<Vec<_>>(), [-1.0, 1.0, -1.0]);
    let strongest: Vec<f32> = view.strongest(2).iter().map(|link| link.weight).collect();
    assert_eq!(strongest, [-0.2, 0.1]);
    let received = HeadView { marked_queries: &[1], ..view }.received();
    assert_eq!(received.weights, [-0.1, 0.05, -0.2]);
}

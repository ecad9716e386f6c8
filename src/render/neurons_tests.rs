//! The arithmetic, the columns and the cells of the neuron view.

use super::*;

const PRODUCTS: Products<'static> = Products {
    queries: &[1.0, -2.0, 0.5, 4.0, 1.0, 1.0],
    keys: &[3.0, 1.0, 0.0, -1.0, 2.0, 2.0],
    d_head: 2,
    against: None,
};

/// The difference of products is not the product of differences.
#[test]
fn products_against_another_run() {
    let less: (&[f32], &[f32]) = (&[1.0, 1.0, 0.5, 4.0, 1.0, 1.0], &[3.0, 1.0, 1.0, -1.0, 2.0, 2.0]);
    let against = Products { against: Some(less), ..PRODUCTS };
    assert_eq!((against.query(0, 1), against.key(1, 0)), (Some(-3.0), Some(-1.0)));
    assert_eq!(against.pair(0, 2).collect::<Vec<_>>(), [0.0, -6.0]);
    assert_eq!((against.dot(0, 2), against.product(0, 2, 1)), (-6.0, Some(-6.0)));
    assert_eq!(against.by_distance(0, |query, key| query == 0 && key == 1), [(-1, -1.0)]);
    assert_eq!(against.product(0, 9, 1), None);
}

#[test]
fn products_of_neurons() {
    assert_eq!(PRODUCTS.pair(0, 2).collect::<Vec<_>>(), [2.0, -4.0]);
    assert_eq!((PRODUCTS.dot(0, 2), PRODUCTS.dot(1, 1)), (-2.0, -4.0));
    assert_eq!(PRODUCTS.totals(1, 0..2), [1.5, 0.0]);
    assert_eq!(PRODUCTS.dot(9, 0), 0.0, "no such query");
    assert_eq!(descending(&[0.5, -3.0, 2.0, 0.5]), [2, 0, 3, 1]);
}

#[test]
fn a_neuron_by_distance() {
    // Queries 1, 0.5, 1 and keys 3, 0, 2 of neuron 0; causal.
    let causal = PRODUCTS.by_distance(0, |query, key| key <= query);
    assert_eq!(causal, [(0, (3.0 + 0.0 + 2.0) / 3.0), (1, (1.5 + 0.0) / 2.0), (2, 3.0)]);
    let both = PRODUCTS.by_distance(0, |_, _| true);
    assert_eq!(both.iter().map(|(distance, _)| *distance).collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
    assert_eq!(both[0], (-2, 2.0));
    assert!(PRODUCTS.by_distance(5, |_, _| true).is_empty(), "no such neuron");
}

#[test]
fn one_huge_neuron_does_not_make_the_others_pale() {
    let mut values = vec![1.0_f32; 99];
    values.push(-500.0);
    assert_eq!(limit_of(values.into_iter()), 1.0);
    assert_eq!(limit_of([0.0, 0.0].into_iter()), 1.0);
    assert_eq!(limit_of([f32::NEG_INFINITY, -2.0].into_iter()), 2.0);
    assert_eq!(limit_of(std::iter::empty()), 1.0);
}

#[test]
fn columns_use_the_width_and_vanish_from_the_left() {
    let wide = NeuronColumns::fit(1_264.0, 200.0, 64, false);
    assert_eq!((wide.query_token.width, wide.links.width, wide.key_token.width), (132.0, 56.0, 132.0));
    assert!(wide.keys.width == wide.products.width && wide.keys.width > 4.0 * 64.0, "{wide:?}");
    assert!(wide.value.end() <= 1_264.0 && wide.value.end() > 1_250.0);
    let medium = NeuronColumns::fit(640.0, 200.0, 64, false);
    assert_eq!((medium.query_token.width, medium.links.width, medium.key_token.x), (0.0, 0.0, 0.0));
    assert!(medium.keys.width >= 96.0 && medium.value.end() <= 640.0, "{medium:?}");
    // Between the two, what the neurons need decides.
    for (width, d_head, has_query) in [(800.0, 32, true), (800.0, 64, false), (960.0, 64, true)] {
        let columns = NeuronColumns::fit(width, 90.0, d_head, false);
        assert_eq!(columns.query_token.width > 0.0, has_query, "{width} px, {d_head} neurons: {columns:?}");
        assert!(columns.value.end() <= width);
    }
    let phone = NeuronColumns::fit(328.0, 60.0, 64, false);
    assert_eq!((phone.keys.width, phone.dot.width, phone.value.width), (0.0, 0.0, 0.0));
    assert!(phone.products.width >= 128.0 && phone.weight.end() <= 328.0, "{phone:?}");
    let keys = NeuronColumns::fit(328.0, 60.0, 64, true);
    assert_eq!((keys.products.width, keys.keys.width), (0.0, phone.products.width));
    assert_eq!(NeuronColumns::fit(1_264.0, 72.0, 8, false).keys.width, 72.0, "no wider than needed");
    assert_eq!(NeuronColumns::fit(0.0, 0.0, 0, false).products.width, 0.0);
}

#[test]
fn picking_a_neuron() {
    let columns = NeuronColumns::fit(1_264.0, 132.0, 32, false);
    let (keys, products) = (columns.keys, columns.products);
    assert_eq!(columns.pick(keys.x, 32), Some((Block::Keys, 0)));
    assert_eq!(columns.pick(keys.end() - 0.1, 32), Some((Block::Keys, 31)));
    assert_eq!(columns.pick(keys.end() + 1.0, 32), None);
    assert_eq!(columns.pick(products.x + products.width / 2.0, 32), Some((Block::Products, 16)));
    assert_eq!(columns.pick(products.end(), 32), None);
    let cell = columns.cell(Block::Products, 16, 32);
    assert_eq!((cell.x, cell.width), (products.x + products.width / 2.0, products.width / 32.0));
    assert_eq!(
        NeuronColumns::fit(328.0, 60.0, 32, false).pick(90.0, 32).map(|(block, _)| block),
        Some(Block::Products)
    );
}

#[test]
fn cells_are_painted_and_nothing_where_nothing_is() {
    let colours = Diverging::new(Scheme::Light);
    let values = [[1.0, -1.0], [0.5, f32::NAN]];
    let value = |row: usize, column: usize| Some(values[row][column]).filter(|value| !value.is_nan());
    let mut painter = CellPainter::default();
    let pixels = painter.paint((4, 6), [(0, 0..2), (1, 3..5)].into_iter(), 2, &colours, value);
    let pixel = |x: usize, y: usize| {
        let pixel = &pixels[(y * 4 + x) * 4..][..4];
        (pixel[3] == 255).then(|| [pixel[0], pixel[1], pixel[2]])
    };
    assert_eq!(
        [pixel(0, 0), pixel(1, 1), pixel(2, 1)],
        [Some(colours.at(1.0)), Some(colours.at(1.0)), Some(colours.at(-1.0))]
    );
    assert_eq!([pixel(0, 2), pixel(3, 3), pixel(0, 5)], [None; 3]);
    assert_eq!(pixel(1, 4), Some(colours.at(0.5)));
    assert!(painter.paint((0, 5), [(0, 0..5)].into_iter(), 2, &colours, value).is_empty());
    painter.paint((3, 2), [(0, 1..9), (1, 7..9)].into_iter(), 2, &colours, value);
}

#[test]
fn signs_are_told_apart_and_size_is_lightness() {
    for scheme in [Scheme::Light, Scheme::Dark] {
        let colours = Diverging::new(scheme);
        let sum = |value: f32| colours.at(value).iter().map(|&channel| i32::from(channel)).sum::<i32>();
        let away = |value: f32| (sum(value) - sum(0.0)).abs();
        for sign in [-1.0, 1.0] {
            assert!(away(sign * 0.25) < away(sign * 0.5) && away(sign * 0.5) < away(sign), "{scheme:?} {sign}");
        }
        let ([red, _, blue], [other_red, _, other_blue]) = (colours.at(-1.0), colours.at(1.0));
        assert!(red > blue && other_blue > other_red, "{scheme:?}: orange against blue");
        assert_eq!(colours.at(7.0), colours.at(1.0));
    }
}

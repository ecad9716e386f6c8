//! Layout of thumbnails.

use super::*;

fn rows(n_layers: usize, n_heads: usize) -> Vec<Vec<LayerHead>> {
    (0..n_layers).map(|layer| (0..n_heads).map(|head| (layer, head)).collect()).collect()
}

fn layout(n_layers: usize, n_heads: usize, width: f32, height: f32, is_small: bool) -> MapLayout {
    MapLayout::fit(rows(n_layers, n_heads), MapSpace { width, height, is_small, ..MapSpace::default() })
}

#[test]
fn thumbnails_fill_the_room_they_have() {
    // 6 × 12 heads fill the width; 30 × 9 heads stay large enough to read and scroll.
    let minilm = layout(6, 12, 640.0, 600.0, false);
    assert_eq!((minilm.width, minilm.step, minilm.left), (47.0, 51.0, 28.0));
    assert!(minilm.content_width() <= 640.0 && minilm.content_height() <= 600.0);
    let smollm = layout(30, 9, 640.0, 600.0, false);
    assert_eq!((smollm.height, smollm.content_height()), (36.0, 1_200.0));
    assert_eq!(layout(12, 12, 1_400.0, 700.0, false).width, 54.0, "all rows at once");
    assert_eq!(layout(2, 2, 1_400.0, 900.0, false).width, 96.0, "no larger than needed");
    let phone = layout(30, 9, 328.0, 500.0, false);
    assert!(phone.content_width() <= 328.0, "{phone:?}");
    let small = layout(30, 9, 320.0, 210.0, true);
    assert_eq!((small.width, small.left), (6.0, 0.0));
    assert!(small.content_height() <= 210.0);
    assert!(layout(0, 0, 0.0, 0.0, false).width >= 1.0, "nothing to show is no reason to panic");
}

fn filled(n_layers: usize, n_heads: usize, width: f32, height: f32) -> MapLayout {
    MapLayout::fit(rows(n_layers, n_heads), MapSpace { width, height, is_filled: true, ..MapSpace::default() })
}

#[test]
fn a_map_on_the_stage_takes_its_room_and_deep_models_wrap_into_blocks() {
    // The room of the stage in a window of 1,440 × 900 pixels.
    for (n_layers, n_heads, n_blocks) in [(6, 12, 1), (12, 12, 1), (30, 9, 2), (24, 16, 2), (48, 25, 1)] {
        let layout = filled(n_layers, n_heads, 1_060.0, 600.0);
        let name = format!("{n_layers} × {n_heads}: {layout:?}");
        assert_eq!(layout.blocks().count(), n_blocks, "{name}");
        assert!(layout.content_width() <= 1_060.0, "{name}");
        if n_layers < 48 {
            assert!(layout.content_height() <= 600.0, "{name}");
            assert!(layout.width >= layout.height && layout.width <= 1.6 * layout.height, "{name}");
        }
    }
    let minilm = filled(6, 12, 1_060.0, 600.0);
    assert!(minilm.content_width() > 1_060.0 - 12.0, "as wide as the room: {minilm:?}");
    let deep = filled(48, 25, 1_060.0, 600.0);
    assert!(deep.content_height() > 600.0, "what would be too small to read scrolls: {deep:?}");
    assert_eq!(filled(2, 2, 1_400.0, 900.0).height, 320.0, "a few heads have an end too");
    assert!(filled(0, 0, 0.0, 0.0).width >= 1.0);
}

#[test]
fn rows_of_the_second_block_are_picked_and_placed_beside_the_first() {
    let layout = filled(30, 9, 1_060.0, 600.0);
    assert_eq!((layout.block_rows, layout.blocks().nth(1)), (15, Some((15, layout.block_step))));
    let (x, y) = (layout.cell_left(17, 4), layout.row_top(17));
    assert_eq!((x, y), (layout.block_step + layout.left + 4.0 * layout.step, 2.0 * layout.row_step));
    assert_eq!(layout.pick(x + 1.0, y + 1.0), Some((17, 4)));
    assert_eq!(layout.pick(layout.block_step + 1.0, 1.0), None, "the layers' numbers");
    assert_eq!(layout.visible_rows(0.0, 600.0), 0..30);
}

#[test]
fn picking_and_finding() {
    let layout = layout(6, 12, 640.0, 600.0, false);
    let table = [
        ((27.9, 5.0), None),
        ((28.0, 0.0), Some((0, 0))),
        ((78.9, 50.9), Some((0, 0))),
        ((79.0, 51.0), Some((1, 1))),
        ((28.0 + 11.5 * 51.0, 5.5 * 51.0), Some((5, 11))),
        ((28.0 + 12.0 * 51.0, 5.0), None),
        ((30.0, 6.0 * 51.0), None),
        ((30.0, -1.0), None),
    ];
    for ((x, y), expected) in table {
        assert_eq!(layout.pick(x, y), expected, "{x}, {y}");
    }
    assert_eq!((layout.place(5, 11), layout.place(6, 0), layout.find((3, 7))), (Some((5, 11)), None, Some((3, 7))));
    assert_eq!((layout.cell_left(0, 2), layout.row_top(2)), (130.0, 102.0));
    assert_eq!(layout.visible_rows(60.0, 100.0), 1..4);
    assert_eq!((layout.scroll_to(0, 60.0, 100.0), layout.scroll_to(5, 60.0, 100.0)), (0.0, 206.0));
    assert_eq!(layout.scroll_to(2, 60.0, 100.0), 60.0, "no further than needed");
    let sorted = MapLayout::fit(
        vec![vec![(3, 1), (0, 0)], vec![(1, 1)]],
        MapSpace { width: 200.0, height: 200.0, has_names: true, ..MapSpace::default() },
    );
    assert_eq!(sorted.row_step, sorted.step + 16.0, "room for a name");
    assert_eq!(sorted.pick(28.0 + sorted.step, sorted.row_step), None, "the last row is shorter");
}

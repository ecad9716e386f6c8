//! Pixels of thumbnails.

use super::*;
use crate::render::Scheme;

const CELLS: [f32; 4] = [1.0, 0.0, 0.25, 0.75];
const GROUND: Rgb = [250, 250, 250];

fn thumbnail(cells: &[f32], n: usize, is_max: bool) -> Thumbnail<'_> {
    Thumbnail { cells, n_rows: n, n_columns: n, is_max }
}

fn pixel(painter: &MapPainter, x: usize, y: usize) -> Option<Rgb> {
    let pixel = &painter.pixels()[(y * painter.width + x) * 4..][..4];
    (pixel[3] == 255).then(|| [pixel[0], pixel[1], pixel[2]])
}

#[test]
fn heat_maps_show_each_cell() {
    let ramp = Ramp::new(0.7, Scheme::Light);
    let mut painter = MapPainter::default();
    painter.begin(10, 10);
    painter.heat(
        Area { x: 2, y: 3, width: 4, height: 4 },
        &thumbnail(&CELLS, 2, true),
        &ramp,
        GROUND,
        &Shade::default(),
    );
    assert_eq!([pixel(&painter, 2, 3), pixel(&painter, 3, 4)], [Some(ramp.at(1.0)); 2]);
    assert_eq!([pixel(&painter, 4, 3), pixel(&painter, 5, 4)], [Some(GROUND); 2], "what is not read is the ground");
    assert_eq!([pixel(&painter, 2, 5), pixel(&painter, 5, 6)], [Some(ramp.at(0.25)), Some(ramp.at(0.75))]);
    assert_eq!([pixel(&painter, 1, 3), pixel(&painter, 6, 3), pixel(&painter, 2, 7)], [None; 3]);
}

#[test]
fn a_pixel_over_several_cells_is_their_largest_or_mean() {
    let ramp = Ramp::new(0.7, Scheme::Dark);
    for (is_max, level) in [(true, 1.0), (false, 0.5)] {
        let mut painter = MapPainter::default();
        painter.begin(1, 1);
        painter.heat(
            Area { x: 0, y: 0, width: 1, height: 1 },
            &thumbnail(&CELLS, 2, is_max),
            &ramp,
            GROUND,
            &Shade::default(),
        );
        assert_eq!(pixel(&painter, 0, 0), Some(ramp.at(level)));
    }
}

#[test]
fn lines_run_from_row_to_column() {
    let mut painter = MapPainter::default();
    painter.begin(8, 8);
    painter.lines(
        Area { x: 0, y: 0, width: 8, height: 8 },
        &thumbnail(&[0.0, 1.0, 0.0, 0.0], 2, true),
        [0, 0, 0],
        GROUND,
    );
    let dark = |x: usize| (0..8).min_by_key(|&y| pixel(&painter, x, y).map_or(255, |colour| colour[0])).unwrap();
    assert_eq!([dark(0), dark(4), dark(7)], [2, 4, 5], "from the middle of the upper half to that of the lower");
    assert_eq!(pixel(&painter, 0, 7), Some(GROUND));
}

#[test]
fn what_is_outside_is_cut_off() {
    let ramp = Ramp::new(0.7, Scheme::Light);
    let mut painter = MapPainter::default();
    painter.begin(4, 4);
    for (x, y) in [(-2, -2), (2, 2), (-9, 1), (1, 9), (9, 9), (-2, 2)] {
        painter.heat(Area { x, y, width: 4, height: 4 }, &thumbnail(&CELLS, 2, true), &ramp, GROUND, &Shade::default());
        painter.lines(Area { x, y, width: 4, height: 4 }, &thumbnail(&CELLS, 2, true), [0; 3], GROUND);
    }
    painter.heat(
        Area { x: 0, y: 0, width: 4, height: 4 },
        &thumbnail(&[0.5], 2, true),
        &ramp,
        GROUND,
        &Shade::default(),
    );
    assert_eq!(pixel(&painter, 0, 0), Some(GROUND), "cells that do not fit their sizes are not drawn");
    painter.begin(0, 0);
    painter.fill(Area { x: 0, y: 0, width: 4, height: 4 }, GROUND);
    assert!(painter.pixels().is_empty());
}

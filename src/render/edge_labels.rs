//! The tokens under the pointer, at the edges of the thumbnail that it is over: beside their row and their column, inside the map, apart
//! from each other. Lengths are CSS pixels of the map's content.

/// Height of a label with its border.
pub const LABEL_HEIGHT: f32 = 18.0;
/// Width of the widest label; a longer text is cut.
const MAX_WIDTH: f32 = 200.0;
/// Width of a letter; letters of East Asia take two.
const LETTER: f32 = 7.3;
/// Padding and border on both sides.
const PADDING: f32 = 10.0;
/// Between a label and its thumbnail.
const GAP: f32 = 4.0;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Left end.
    pub left: f32,
    /// Upper end.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Place {
    fn right(self) -> f32 {
        self.left + self.width
    }

    fn bottom(self) -> f32 {
        self.top + self.height
    }

    fn meets(self, other: Self) -> bool {
        self.left < other.right() && other.left < self.right() && self.top < other.bottom() && other.top < self.bottom()
    }
}

/// Places of a query's and a key's label beside `cell`, within `window`, the part of the map that is seen. `at`: the middle of the key's
/// column and of the query's row, as shares of the cell. The query stands on the left, the key above; on the other side where there is
/// no room, and on the cell where there is none on either side.
pub fn edge_labels([query, key]: [&str; 2], cell: Place, at: (f32, f32), window: Place) -> [Place; 2] {
    let sized = |text: &str| Place { width: width(text).min(window.width), height: LABEL_HEIGHT, ..Place::default() };
    let key = sized(key);
    let left = within(cell.left + at.0 * cell.width - key.width / 2.0, key.width, window.left, window.right());
    let top = beside(cell.top, cell.height, key.height, window.top, window.bottom());
    let key = Place { left, top, ..key };
    let query = sized(query);
    let left = beside(cell.left, cell.width, query.width, window.left, window.right());
    let middle = cell.top + at.1 * cell.height - LABEL_HEIGHT / 2.0;
    let fits = |top: f32| within(top, query.height, window.top, window.bottom());
    let query = Place { left, top: fits(middle), ..query };
    // Where both would stand at one corner, the query makes way.
    let below = Place { top: fits(key.bottom()), ..query };
    let apart = [query, below, Place { top: fits(key.top - query.height), ..query }];
    [apart.into_iter().find(|query| !query.meets(key)).unwrap_or(below), key]
}

/// Before `start`, else after the end, else as near to the start as there is room.
fn beside(start: f32, length: f32, label: f32, from: f32, to: f32) -> f32 {
    let (before, after) = (start - GAP - label, start + length + GAP);
    if before >= from || after + label > to { within(before, label, from, to) } else { after }
}

/// Moves what begins at `start` so that it lies between two ends.
fn within(start: f32, length: f32, from: f32, to: f32) -> f32 {
    start.min(to - length).max(from)
}

fn width(text: &str) -> f32 {
    let letters: f32 = text.chars().map(|letter| if u32::from(letter) > 0x2e7f { 2.0 } else { 1.0 }).sum();
    (letters * LETTER + PADDING).min(MAX_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{MapLayout, MapSpace};

    const WINDOWS: [(f32, f32); 4] = [(1_000.0, 700.0), (1_000.0, 300.0), (360.0, 560.0), (300.0, 240.0)];

    fn is_inside(place: Place, window: Place) -> bool {
        place.left >= window.left - 0.01
            && place.right() <= window.right() + 0.01
            && place.top >= window.top - 0.01
            && place.bottom() <= window.bottom() + 0.01
    }

    /// At any place of any cell of some models, in wide and narrow windows, scrolled or not.
    #[test]
    fn labels_stay_inside_the_map_and_apart() {
        let long = "internationalisation … of";
        for (n_layers, n_heads) in [(6, 12), (30, 9), (1, 1), (2, 16)] {
            for ((width, height), scroll) in WINDOWS.iter().flat_map(|size| [0.0, 37.0].map(|scroll| (*size, scroll))) {
                let rows: Vec<_> =
                    (0..n_layers).map(|layer| (0..n_heads).map(|head| (layer, head)).collect()).collect();
                let space = MapSpace { width, height, is_filled: scroll == 0.0, ..MapSpace::default() };
                let layout = MapLayout::fit(rows, space);
                let window = Place { left: 0.0, top: scroll, width, height };
                for (row, places) in layout.rows.iter().enumerate() {
                    for column in 0..places.len() {
                        let (left, top) = (layout.cell_left(row, column), layout.row_top(row));
                        let cell = Place { left, top, width: layout.width, height: layout.height };
                        if !cell.meets(window) {
                            continue;
                        }
                        for share in [(0.0, 0.0), (0.03, 0.97), (0.5, 0.5), (1.0, 0.0), (1.0, 1.0)] {
                            for texts in [["the", "cat"], [long, long], ["a", long], ["東京都", "x"]] {
                                let [query, key] = edge_labels(texts, cell, share, window);
                                let said = || format!("{n_layers} × {n_heads}, {window:?}, {cell:?}, {share:?}");
                                assert!(
                                    is_inside(query, window) && is_inside(key, window),
                                    "{}: {query:?} {key:?}",
                                    said()
                                );
                                assert!(!query.meets(key), "{}: {query:?} {key:?}", said());
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn labels_stand_beside_their_row_and_column() {
        let window = Place { left: 0.0, top: 0.0, width: 1_000.0, height: 700.0 };
        let cell = Place { left: 300.0, top: 200.0, width: 100.0, height: 100.0 };
        let [query, key] = edge_labels(["cat", "sat"], cell, (0.5, 0.5), window);
        assert_eq!((query.right(), query.top + query.height / 2.0), (296.0, 250.0));
        assert_eq!((key.bottom(), key.left + key.width / 2.0), (196.0, 350.0));
        // No room on the left and above.
        let [query, key] = edge_labels(["cat", "sat"], Place { left: 20.0, top: 5.0, ..cell }, (0.5, 0.5), window);
        assert_eq!((query.left, key.top), (124.0, 109.0));
        // Both at the upper left corner: the query is moved down.
        let [query, key] = edge_labels(["cat", "international"], cell, (0.0, 0.0), window);
        assert!(query.top >= key.bottom() && query.top < cell.top + LABEL_HEIGHT, "{query:?} {key:?}");
    }
}

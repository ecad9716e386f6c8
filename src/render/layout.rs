//! Layout of the head view: its columns and rows, and the token under a point. CSS pixels, from the view's top left
//! corner.
//!
//! ```text
//! | number | query token | links | key token | number |
//! ```
//! The numbers' columns vanish on narrow screens; numbers then stand inside the tokens' columns.

use std::ops::Range;

use crate::trace::Side;

/// A stretch of the x axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Position of the left end.
    pub x: f32,
    /// Length of the stretch.
    pub width: f32,
}

impl Span {
    /// Position of the right end.
    pub fn end(&self) -> f32 {
        self.x + self.width
    }
}

/// The columns of the head view.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Columns {
    /// Numbers left of the query tokens.
    pub query_number: Span,
    /// Query tokens.
    pub query_token: Span,
    /// Links between the tokens.
    pub links: Span,
    /// Key tokens.
    pub key_token: Span,
    /// Numbers right of the key tokens.
    pub key_number: Span,
}

/// Width of a number beside a token.
const NUMBER: f32 = 48.0;

/// Narrowest view with columns for numbers.
const NARROW: f32 = 560.0;

impl Columns {
    /// The columns of a view of this width, whose longest token is `token_width` wide.
    pub fn fit(width: f32, token_width: f32) -> Self {
        let (number, token) = if width < NARROW {
            (0.0, (token_width + NUMBER).clamp(96.0, (width * 0.36).clamp(96.0, 160.0)))
        } else {
            (NUMBER, token_width.clamp(96.0, 192.0))
        };
        let token = token.round();
        let links = (width - 2.0 * (number + token)).max(0.0);
        let mut x = 0.0;
        let mut next = |width: f32| {
            let span = Span { x, width };
            x += width;
            span
        };
        Self {
            query_number: next(number),
            query_token: next(token),
            links: next(links),
            key_token: next(token),
            key_number: next(number),
        }
    }

    /// The columns of a matrix: keys stand above it, so the links' column reaches to the right end.
    pub fn of_matrix(width: f32, token_width: f32) -> Self {
        let mut columns = Self::fit(width, token_width);
        columns.links.width = (width - columns.links.x).max(0.0);
        let end = Span { x: width, width: 0.0 };
        (columns.key_token, columns.key_number) = (end, end);
        columns
    }

    /// The tokens' column of one side.
    pub fn token(&self, side: Side) -> Span {
        match side {
            Side::Query => self.query_token,
            Side::Key => self.key_token,
        }
    }
}

/// The visible part of the view, moved by scrolling.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// Width of the window.
    pub width: f32,
    /// Height of the window.
    pub height: f32,
    /// Distance by which the content is scrolled up.
    pub scroll: f32,
    /// Height of a token's row.
    pub row_height: f32,
}

impl Window {
    /// Height of `n_rows` rows.
    pub fn content_height(&self, n_rows: usize) -> f32 {
        n_rows as f32 * self.row_height
    }

    /// The rows, of `n_rows`, that are visible at least in part.
    pub fn visible_rows(&self, n_rows: usize) -> Range<usize> {
        if self.row_height <= 0.0 {
            return 0..0;
        }
        let first = (self.scroll / self.row_height).floor().max(0.0) as usize;
        let end = ((self.scroll + self.height) / self.row_height).ceil().max(0.0) as usize;
        first.min(n_rows)..end.min(n_rows)
    }

    /// Top of a row in the window.
    pub fn row_top(&self, row: usize) -> f32 {
        row as f32 * self.row_height - self.scroll
    }

    /// Middle of a row in the window.
    pub fn row_middle(&self, row: usize) -> f32 {
        self.row_top(row) + self.row_height / 2.0
    }

    /// The side and row under a point; `n_rows` are those of the queries and of the keys.
    pub fn pick(&self, columns: &Columns, n_rows: (usize, usize), x: f32, y: f32) -> Option<(Side, usize)> {
        if !(0.0..self.height).contains(&y) || self.row_height <= 0.0 {
            return None;
        }
        let (side, n_rows) = if (columns.query_number.x..columns.query_token.end()).contains(&x) {
            (Side::Query, n_rows.0)
        } else if (columns.key_token.x..columns.key_number.end()).contains(&x) {
            (Side::Key, n_rows.1)
        } else {
            return None;
        };
        let row = ((y + self.scroll) / self.row_height).floor();
        (row >= 0.0 && row < n_rows as f32).then_some((side, row as usize))
    }

    /// The scroll offset nearest to the current one at which a row is fully visible.
    pub fn scroll_to(&self, row: usize) -> f32 {
        let top = row as f32 * self.row_height;
        let lowest = (top + self.row_height - self.height).max(0.0);
        self.scroll.clamp(lowest.min(top), top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { width: 720.0, height: 100.0, scroll: 50.0, row_height: 20.0 };

    #[test]
    fn columns_of_a_wide_and_a_narrow_view() {
        let wide = Columns::fit(720.0, 158.0);
        assert_eq!(wide.query_number, Span { x: 0.0, width: 48.0 });
        assert_eq!(wide.query_token, Span { x: 48.0, width: 158.0 });
        assert_eq!(wide.links, Span { x: 206.0, width: 308.0 });
        assert_eq!(wide.key_token, Span { x: 514.0, width: 158.0 });
        assert_eq!(wide.key_number, Span { x: 672.0, width: 48.0 });
        let token_width = |width: f32, token_width: f32| Columns::fit(width, token_width).key_token.width;
        assert_eq!((token_width(720.0, 20.0), token_width(720.0, 999.0)), (96.0, 192.0));
        let phone = Columns::fit(328.0, 999.0);
        assert_eq!((phone.query_number.width, phone.query_token.width, phone.links.width), (0.0, 118.0, 92.0));
        assert_eq!(phone.key_number.end(), 328.0);
        assert_eq!(Columns::fit(0.0, 0.0).links.width, 0.0);
        let matrix = Columns::of_matrix(720.0, 158.0);
        assert_eq!((matrix.query_token, matrix.links), (wide.query_token, Span { x: 206.0, width: 514.0 }));
        assert_eq!((matrix.key_token.x, matrix.key_number.end()), (720.0, 720.0));
    }

    #[test]
    fn rows_in_the_window() {
        assert_eq!(WINDOW.visible_rows(50), 2..8);
        assert_eq!(WINDOW.visible_rows(5), 2..5);
        assert_eq!(WINDOW.visible_rows(1), 1..1);
        assert_eq!((WINDOW.row_top(2), WINDOW.row_middle(3)), (-10.0, 20.0));
        assert_eq!(WINDOW.content_height(200), 4_000.0);
        assert_eq!(Window::default().visible_rows(9), 0..0);
    }

    #[test]
    fn picking() {
        let columns = Columns::fit(720.0, 158.0);
        let table = [
            ((60.0, 0.0), Some((Side::Query, 2))),
            ((10.0, 99.0), Some((Side::Query, 7))),
            ((205.9, 10.0), Some((Side::Query, 3))),
            ((206.0, 10.0), None),
            ((514.0, 10.0), Some((Side::Key, 3))),
            ((719.0, 30.0), Some((Side::Key, 4))),
            ((719.0, 50.0), None),
            ((720.0, 10.0), None),
            ((60.0, -1.0), None),
            ((60.0, 100.0), None),
        ];
        for ((x, y), expected) in table {
            assert_eq!(WINDOW.pick(&columns, (50, 5), x, y), expected, "{x}, {y}");
        }
    }

    #[test]
    fn scrolling_to_a_row_moves_no_more_than_needed() {
        for (row, expected) in [(3, 50.0), (0, 0.0), (2, 40.0), (7, 60.0), (20, 320.0)] {
            assert_eq!(WINDOW.scroll_to(row), expected, "row {row}");
        }
    }
}

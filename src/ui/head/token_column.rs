//! One side's tokens as DOM text: only the rows in view, selectable, reachable by keyboard.

use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::prelude::*;

use super::column::Column;
use super::scene::Scene;
use super::token_figure::Figure;
use super::token_row::TokenRow;
use crate::trace::Side;
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::css::px;

/// Identifies a set of rows: a hash of all their labels and messages, and whether words are joined. Results of the same tokens have the same rows, so
/// the focus stays where it is when B replaces A.
type RowsOf = (u64, bool);

fn rows_of(scene: &Scene, side: Side) -> RowsOf {
    let mut hasher = DefaultHasher::new();
    for (unit, label) in scene.units.side(side).labels.0.iter().enumerate() {
        (&label.plain, scene.predicted(side, unit).map(|label| &label.plain)).hash(&mut hasher);
    }
    scene.units.side(side).messages.0.hash(&mut hasher);
    (hasher.finish(), scene.units.is_joined)
}

/// A list box of tokens: one tab stop, with arrow keys through it and to the other side.
#[component]
pub fn TokenColumn(figure: Figure, side: Side) -> impl IntoView {
    let Figure { scene, columns, window, .. } = figure;
    // The row that Tab reaches while it is in view.
    let reached = RwSignal::new(0_usize);
    let rows = Derived::new(move || {
        scene.with(|scene| {
            let Some(scene) = scene else { return Vec::new() };
            let positions = scene.rows(side);
            // Other tokens, or words in place of tokens, are new rows.
            let rows_of = rows_of(scene, side);
            let of_row = |row: usize| (rows_of, row, positions[row]);
            window.get().visible_rows(positions.len()).map(of_row).collect::<Vec<_>>()
        })
    });
    let column = Column::new(figure, side);
    let tab_stop = Derived::new(move || {
        rows.with(|rows| {
            let reached = reached.get();
            let is_here = rows.iter().any(|(_, row, _)| *row == reached);
            if is_here { Some(reached) } else { rows.first().map(|(_, row, _)| *row) }
        })
    });
    let (class, name) = match side {
        Side::Query => ("tokens query", "Query tokens"),
        Side::Key => ("tokens key", "Key tokens"),
    };
    let row_of = move |(_, row, unit): (RowsOf, usize, usize)| {
        view! { <TokenRow figure column side row unit reached tab_stop /> }
    };
    view! {
        <div
            class=class
            role="listbox"
            aria-label=name
            aria-multiselectable="true"
            style:left=move || px(columns.get().token(side).x)
            style:width=move || px(columns.get().token(side).width)
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            {keyed(rows, row_of)}
        </div>
    }
}

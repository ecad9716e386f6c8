//! Brings a token into view that was pinned elsewhere: by a link, in another view, or by its name.

use leptos::prelude::*;

use super::geometry::Geometry;
use super::scene::Scene;
use crate::trace::Side;
use crate::ui::erased::{Derived, effect};
use crate::ui::shell::page::Page;

/// Scrolls to the last pinned token whenever that changes and its row is out of view.
pub fn follow_pins(page: Page, scene: Derived<Option<Scene>>, geometry: Geometry, reveal: Callback<usize>) {
    let pinned = page.memo(|state| {
        let selection = &state.selection;
        [&selection.queries, &selection.keys].map(|pins| (pins.last().copied(), pins.len()))
    });
    let before = StoredValue::new([(None, 0); 2]);
    let result = Derived::new(move || scene.with(|scene| scene.as_ref().map(|scene| scene.result)));
    let has_room = Derived::new(move || geometry.window.get().height > 0.0);
    effect(move || {
        let pinned = pinned.get();
        if result.get().is_none() || !has_room.get() {
            return;
        }
        // What was pinned already may have been scrolled away on purpose.
        let was = before.try_update_value(|before| std::mem::replace(before, pinned)).unwrap_or(pinned);
        let sides = [Side::Query, Side::Key].into_iter().zip(pinned).zip(was);
        let sides = sides.filter(|((_, (last, n)), (last_before, n_before))| last != last_before && n >= n_before);
        let mut sides = sides.map(|((side, (last, _)), _)| (side, last));
        let row = scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            let row = |(side, position): (Side, Option<usize>)| {
                // The keys of a matrix stand in one line.
                let position = position.filter(|_| side == Side::Query || !scene.is_matrix())?;
                scene.rows(side).binary_search(&scene.units.row_of(side, position)).ok()
            };
            sides.find_map(row)
        });
        let (window, n_rows) = (geometry.window.get_untracked(), geometry.n_rows.get_untracked());
        if let Some(row) = row.filter(|row| !window.visible_rows(n_rows).contains(row)) {
            reveal.run(row);
        }
    });
}

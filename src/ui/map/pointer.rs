//! What the pointer does in a map: it hovers, picks, opens and edits heads.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::model::{Map, Pointed};
use crate::render::LayerHead;
use crate::state::editing::offers::Target;
use crate::ui::change::edit_menu::open_at_event;
use crate::ui::small::pointer::{client_point, is_touch, point_within};

/// The pointer over a map's cells.
#[derive(Clone, Copy)]
pub struct Pointer {
    map: Map,
    scroller: NodeRef<Div>,
    /// The head hovered when a finger came down.
    before_tap: StoredValue<Option<LayerHead>>,
    /// Whether the last press was a finger's.
    is_tapped: StoredValue<bool>,
}

impl Pointer {
    /// A pointer that rests nowhere yet.
    pub fn new(map: Map, scroller: NodeRef<Div>) -> Self {
        Self { map, scroller, before_tap: StoredValue::new(None), is_tapped: StoredValue::new(false) }
    }

    /// A button or a finger comes down.
    pub fn on_down(self, event: &MouseEvent) {
        self.is_tapped.set_value(is_touch(event));
        self.before_tap.set_value(self.map.hovered.get_untracked());
    }

    /// The pointer moves; a finger scrolls instead.
    pub fn on_move(self, event: &MouseEvent) {
        if is_touch(event) {
            return;
        }
        let place = self.pick(event);
        if self.map.hovered.get_untracked() != place {
            self.map.hovered.set(place);
        }
        if !self.map.is_small {
            self.map.pointed.set(self.point(event));
        }
    }

    /// The pointer leaves the map.
    pub fn on_leave(self, event: &MouseEvent) {
        if !is_touch(event) {
            self.map.hovered.set(None);
            self.map.pointed.set(None);
        }
    }

    /// A click picks a head; with a finger the first tap hovers and the second picks.
    pub fn on_click(self, event: &MouseEvent) {
        let Some((layer, head)) = self.pick(event) else { return };
        if is_touch(event) && self.before_tap.get_value() != Some((layer, head)) {
            return self.map.hovered.set(Some((layer, head)));
        }
        self.map.reached.set(Some((layer, head)));
        self.map.pick((layer, head), false);
    }

    /// A double click opens a head. Two taps do not, since the second picks.
    pub fn on_double_click(self, event: &MouseEvent) {
        if self.is_tapped.get_value() {
            return;
        }
        if let Some(place) = self.pick(event) {
            self.map.pick(place, true);
        }
    }

    /// A right click or a long press opens the menu of edits.
    pub fn on_menu(self, event: &MouseEvent) {
        let is_of_head = !self.map.quantity.get_untracked().is_layer_wide();
        if let Some(place) = self.pick(event).or(self.map.reached.get_untracked()).filter(|_| is_of_head) {
            open_at_event(self.map.page, event, target_of(place));
        }
    }

    /// Where in a thumbnail the pointer is.
    fn point(self, event: &MouseEvent) -> Option<Pointed> {
        let (x, y) = point_within(self.scroller, client_point(event))?;
        let y = y + self.map.scroll.get_untracked();
        self.map.layout.with_untracked(|layout| {
            let (row, column) = layout.pick(x, y)?;
            layout.place(row, column)?;
            let share = |at: f32, from: f32, length: f32| ((at - from) / length.max(1.0)).clamp(0.0, 1.0);
            let across = share(x, layout.cell_left(row, column), layout.width);
            Some(Pointed { row, column, share: (across, share(y, layout.row_top(row), layout.height)) })
        })
    }

    /// The head under the pointer.
    fn pick(self, event: &MouseEvent) -> Option<LayerHead> {
        let (x, y) = point_within(self.scroller, client_point(event))?;
        self.map.layout.with_untracked(|layout| {
            let (row, column) = layout.pick(x, y + self.map.scroll.get_untracked())?;
            layout.place(row, column)
        })
    }
}

/// What the menu of edits offers at a cell.
pub fn target_of((layer, head): LayerHead) -> Target {
    Target { layer, heads: vec![head], ..Target::default() }
}

//! What the pointer does in the table: it hovers and chooses cells.

use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::model::{Cell, Stream};
use crate::render::StreamLayout;
use crate::ui::erased::Derived;
use crate::ui::small::pointer::{client_point, is_touch, point_within};

/// The pointer over the table.
#[derive(Clone, Copy)]
pub struct Pointer {
    stream: Stream,
    layout: Derived<StreamLayout>,
    scroll: RwSignal<(f32, f32)>,
    scroller: NodeRef<Div>,
}

impl Pointer {
    /// A pointer that rests nowhere yet.
    pub fn new(
        stream: Stream,
        layout: Derived<StreamLayout>,
        scroll: RwSignal<(f32, f32)>,
        scroller: NodeRef<Div>,
    ) -> Self {
        Self { stream, layout, scroll, scroller }
    }

    /// The pointer moves; a finger scrolls instead.
    pub fn on_move(self, event: &MouseEvent) {
        if is_touch(event) {
            return;
        }
        let cell = self.pick(event);
        if self.stream.hovered.get_untracked() != cell {
            self.stream.hovered.set(cell);
        }
    }

    /// The pointer leaves the table.
    pub fn on_leave(self, event: &MouseEvent) {
        if !is_touch(event) {
            self.stream.hovered.set(None);
        }
    }

    /// A click or a tap chooses a cell.
    pub fn on_click(self, event: &MouseEvent) {
        if let Some(cell) = self.pick(event) {
            self.stream.choose(cell);
        }
    }

    fn pick(self, event: &MouseEvent) -> Option<Cell> {
        let point = point_within(self.scroller, client_point(event))?;
        self.layout.with_untracked(|layout| layout.pick(point, self.scroll.get_untracked()))
    }
}

//! The table: a window that scrolls both ways, a canvas behind, marks and the reached cell in front.

use leptos::html::{Canvas, Div};
use leptos::prelude::*;

use super::draw::draw_on_change;
use super::keys::on_key;
use super::marks::{Marks, cell_id};
use super::model::{Cell, Stream};
use super::path_lines::PathLines;
use super::pointer::Pointer;
use super::readout::Readout;
use crate::render::Scheme;
use crate::ui::erased::{Derived, effect, view};
use crate::ui::small::css::{crisp, px};
use crate::ui::small::watched::{device_pixel_ratio, element_size};

/// The table of layers and positions.
#[component]
pub fn StreamFigure(stream: Stream, scheme: Derived<Scheme>) -> impl IntoView {
    let scroller = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let (width, height) = element_size(scroller);
    let pixel_ratio = device_pixel_ratio();
    let window = Derived::new(move || (width.get() as f32, height.get() as f32));
    let layout = stream.layout(window);
    let scroll = RwSignal::new((0.0_f32, 0.0_f32));
    draw_on_change(canvas, stream, layout, window, scroll, scheme, pixel_ratio);
    stream.report_seen(layout, window, scroll);

    let pointer = Pointer::new(stream, layout, scroll, scroller);
    let reveal = move |cell: Cell| {
        if let Some(scroller) = scroller.get_untracked() {
            let (x, y) =
                layout.with_untracked(|layout| layout.scroll_to(cell, scroll.get_untracked(), window.get_untracked()));
            scroller.set_scroll_left(x as i32);
            scroller.set_scroll_top(y as i32);
        }
    };
    let page = stream.page;
    effect(move || {
        if page.sought().get().is_some()
            && let Some(cell) = stream.chosen.get_untracked()
        {
            reveal(cell);
        }
    });
    let size = move || layout.with(|layout| layout.size());
    let on_focus = move |_| {
        if stream.reached.get_untracked().is_none() {
            let (n_rows, n_columns) = stream.size.get_untracked();
            let last = (n_rows > 0 && n_columns > 0).then(|| (n_rows - 1, n_columns - 1));
            stream.reached.set(stream.chosen.get_untracked().or(last));
        }
    };
    view! {
        <div
            class="stream-scroller"
            node_ref=scroller
            role="grid"
            tabindex="0"
            aria-label="Stream: layers by positions"
            aria-rowcount=move || stream.size.get().0.to_string()
            aria-colcount=move || stream.size.get().1.to_string()
            aria-activedescendant=move || stream.reached.get().map(|cell| stream.page.id(&cell_id(cell)))
            on:scroll:target=move |event| {
                let target = event.target();
                scroll.set((target.scroll_left() as f32, target.scroll_top() as f32));
            }
            on:pointermove=move |event| pointer.on_move(&event)
            on:pointerleave=move |event| pointer.on_leave(&event)
            on:click=move |event| pointer.on_click(&event)
            on:keydown=move |event| on_key(stream, layout, &event, reveal)
            on:focus=on_focus
            on:blur=move |_| stream.reached.set(None)
        >
            <div class="content" style:width=move || px(size().0) style:height=move || px(size().1)>
                <div
                    class="pane"
                    style:width=move || px(window.get().0)
                    style:height=move || px(window.get().1)
                >
                    <canvas
                        node_ref=canvas
                        aria-hidden="true"
                        style:width=move || crisp(window.get().0, pixel_ratio.get())
                        style:height=move || crisp(window.get().1, pixel_ratio.get())
                    ></canvas>
                    <PathLines stream layout window scroll />
                    <Marks stream layout window scroll />
                </div>
            </div>
        </div>
        <Readout stream />
    }
}

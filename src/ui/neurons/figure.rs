//! The neuron view's figure: a window on the rows, cells on a canvas behind, text in front, marks on top.

use leptos::html::{Canvas, Div};
use leptos::prelude::*;

use super::draw::{Targets, draw_on_change};
use super::estimates::NeuronEstimates;
use super::geometry::Geometry;
use super::header::NeuronHeader;
use super::key_rows::KeyRows;
use super::keys::on_key;
use super::marks::ColumnMarks;
use super::model::Neurons;
use super::pointer::Pointer;
use super::query_rows::QueryRows;
use super::readout::CellReadout;
use super::rows::Rows;
use crate::render::Scheme;
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::erased::{Derived, effect, view};
use crate::ui::small::css::{crisp, px};
use crate::ui::small::watched::{device_pixel_ratio, element_size};

/// Header, rows, marks, and the numbers of the cell under the pointer.
#[component]
pub fn NeuronFigure(neurons: Neurons, scheme: Derived<Scheme>) -> impl IntoView {
    let scroller = NodeRef::<Div>::new();
    let (body, strip) = (NodeRef::<Canvas>::new(), NodeRef::<Canvas>::new());
    let (width, height) = element_size(scroller);
    let pixel_ratio = device_pixel_ratio();
    let scroll = RwSignal::new(0.0_f32);
    let geometry = Geometry::new(neurons, (width, height), scroll);
    let Geometry { columns, window, .. } = geometry;
    let reached = RwSignal::new((Side::Query, 0_usize));
    draw_on_change(Targets { body, strip, columns, window, pixel_ratio }, neurons, scheme);

    let pointer = Pointer::new(neurons, geometry, scroller);
    let reveal = move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(window.get_untracked().scroll_to(row) as i32);
        }
    };
    effect(move || {
        let Some(TokenRef { side, position }) = neurons.page.sought().get() else { return };
        let row = neurons.positions.with_untracked(|(queries, keys)| {
            let positions = if side == Side::Query { queries } else { keys };
            positions.binary_search(&position).ok()
        });
        if let Some(row) = row {
            reveal(row);
        }
    });
    let rows = Rows { neurons, columns, window, reached };
    let content_height = move || px(geometry.content_height());
    view! {
        <div class="neuron-figure">
            <NeuronHeader neurons columns strip />
            <NeuronEstimates neurons columns />
            <div
                class="scroller"
                node_ref=scroller
                style:height=content_height
                on:scroll:target=move |event| scroll.set(event.target().scroll_top() as f32)
                on:pointerdown=move |_| pointer.on_down()
                on:pointermove=move |event| pointer.on_move(&event)
                on:pointerleave=move |event| pointer.on_leave(&event)
                on:click=move |event| pointer.on_click(&event)
                on:contextmenu=move |event| pointer.on_menu(&event)
                on:keydown=move |event| on_key(neurons, reached, &event, reveal)
                on:focusout=move |_| pointer.on_focus_out()
            >
                <div class="content" style:height=content_height>
                    <div class="pane" style:height=move || px(window.get().height)>
                        <canvas
                            node_ref=body
                            aria-hidden="true"
                            style:width=move || crisp(window.get().width, pixel_ratio.get())
                            style:height=move || crisp(window.get().height, pixel_ratio.get())
                        ></canvas>
                        <QueryRows rows />
                        <KeyRows rows />
                        <ColumnMarks neurons columns />
                    </div>
                </div>
            </div>
            <CellReadout neurons />
        </div>
    }
}

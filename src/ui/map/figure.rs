//! Thumbnails of all heads in rows (layers) and columns (heads).

use leptos::html::{Canvas, Div};
use leptos::prelude::*;

use super::cell::id_of;
use super::cells::Cells;
use super::draw::draw_on_change;
use super::keys::on_key;
use super::model::Map;
use super::pointer::Pointer;
use super::readout::Readout;
use crate::render::{MapLayout, Scheme};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::css::{crisp, px};
use crate::ui::small::watched::{device_pixel_ratio, element_size};

/// The map, large with its controls and legend or small without.
#[component]
pub fn ModelMap(page: Page, scheme: Derived<Scheme>, is_small: bool) -> impl IntoView {
    let scroller = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let (width, height) = element_size(scroller);
    let pixel_ratio = device_pixel_ratio();
    let map = Map::new(page, scheme, is_small, (width, height));
    let Map { layout, scroll, window, reached, selected, is_filled, .. } = map;
    draw_on_change(canvas, map, scheme, pixel_ratio);
    map.report_seen_layers();

    let parts = page.parts();
    let pointer = Pointer::new(map, scroller);
    let reveal = move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            let (_, height) = window.get_untracked();
            let to = layout.with_untracked(|layout| layout.scroll_to(row, scroll.get_untracked(), height));
            scroller.set_scroll_top(to as i32);
        }
    };
    let on_focus = move |_| {
        if reached.get_untracked().is_none() {
            let first = layout.with_untracked(|layout| layout.place(0, 0));
            reached.set(selected.get_untracked().or(first));
        }
    };
    let content_height = move || px(layout.with(MapLayout::content_height));
    view! {
        <div class="map" class:small=is_small>
            <Show when=move || !is_small>
                {parts.later(move |views| (views.map_controls)(map))}
            </Show>
            <div
                class="map-scroller"
                node_ref=scroller
                role="grid"
                tabindex="0"
                aria-label=move || match (is_small, map.quantity.get().is_layer_wide()) {
                    (true, _) => "Map of all heads",
                    (false, false) => "Heads of all layers",
                    (false, true) => "All layers",
                }
                aria-rowcount=move || layout.with(|layout| layout.rows.len().to_string())
                aria-activedescendant=move || reached.get().map(|place| page.id(&id_of(place, is_small)))
                style:height=move || if is_filled.get() { "auto".to_owned() } else { content_height() }
                on:scroll:target=move |event| scroll.set(event.target().scroll_top() as f32)
                on:pointerdown=move |event| pointer.on_down(&event)
                on:pointermove=move |event| pointer.on_move(&event)
                on:pointerleave=move |event| pointer.on_leave(&event)
                on:click=move |event| pointer.on_click(&event)
                on:contextmenu=move |event| pointer.on_menu(&event)
                on:dblclick=move |event| pointer.on_double_click(&event)
                on:keydown=move |event| on_key(map, &event, reveal)
                on:focus=on_focus
                on:blur=move |_| reached.set(None)
            >
                <div class="content" style:height=content_height>
                    <div class="pane" style:height=move || px(window.get().1)>
                        <canvas
                            node_ref=canvas
                            aria-hidden="true"
                            style:width=move || crisp(window.get().0, pixel_ratio.get())
                            style:height=move || crisp(window.get().1, pixel_ratio.get())
                        ></canvas>
                        <Cells map />
                    </div>
                </div>
            </div>
            <Readout map />
            <Show when=move || !is_small>
                {parts.later(move |views| (views.map_legend)(map))}
            </Show>
        </div>
    }
}

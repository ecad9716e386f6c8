//! The head view's figure: a window on the content, with a canvas behind and tokens as text in front.
//!
//! Canvas and tokens stand in a pane that does not scroll with its content but follows the scroll offset, so that lines
//! and tokens never part, and the canvas is never larger than the window.

use leptos::html::{Canvas, Div};
use leptos::prelude::*;

use super::draw::draw_on_change;
use super::follow::follow_pins;
use super::geometry::Geometry;
use super::headings::Headings;
use super::pointer::Pointer;
use super::scene::Scene;
use super::token_column::TokenColumn;
use super::token_figure::Figure;
use super::waiting::Waiting;
use crate::render::{HeadColours, Received, Scheme};
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::erased::{Derived, Show, effect, view};
use crate::ui::shell::page::Page;
use crate::ui::small::css::px;
use crate::ui::small::watched::{device_pixel_ratio, element_size};

/// Columns of tokens with the attention between them.
#[component]
pub fn HeadViewFigure(
    page: Page,
    scene: Derived<Option<Scene>>,
    colours: Derived<HeadColours>,
    scheme: Derived<Scheme>,
    focused: RwSignal<Option<TokenRef>>,
) -> impl IntoView {
    let scroller = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let (width, height) = element_size(scroller);
    let (scroll, scroll_x) = (RwSignal::new(0.0_f32), RwSignal::new(0.0_f32));
    let geometry = Geometry::new(page, scene, (width, height), (scroll, scroll_x));
    let Geometry { window, columns, panels, n_rows, is_matrix, grid, hidden_width, .. } = geometry;
    let colours = drawn_colours(scene, colours, scheme);
    draw_on_change(canvas, scene, colours, scheme, geometry, device_pixel_ratio());

    let reveal = Callback::new(move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(window.get_untracked().scroll_to(row) as i32);
        }
    });
    reveal_sought(page, scene, reveal);
    follow_pins(page, scene, geometry, reveal);
    let reveal_key = Callback::new(move |column: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_left(grid.get_untracked().scroll_to(column) as i32);
        }
    });
    let is_wide = Derived::new(move || hidden_width.get() > 0.0);
    let received = received(scene);
    let figure = Figure { page, scene, received, columns, window, reveal, reveal_key, focused };
    let pointer = Pointer::new(figure, geometry, colours, scroller);
    let content_height = move || px(geometry.content_height());
    view! {
        <div class="figure" class:narrow=move || columns.get().query_number.width == 0.0>
            <Headings page scene received columns panels />
            <Show when=move || is_matrix.get()>
                {page.parts().later(move |views| (views.matrix_keys)(figure, grid))}
            </Show>
            <div
                class="scroller"
                class:empty=move || n_rows.get() == 0
                class:wide=move || is_wide.get()
                node_ref=scroller
                style:height=content_height
                on:scroll:target=move |event| {
                    scroll.set(event.target().scroll_top() as f32);
                    scroll_x.set(event.target().scroll_left() as f32);
                    pointer.on_scroll();
                }
                on:pointerdown=move |event| pointer.on_down(&event)
                on:pointermove=move |event| pointer.on_move(&event)
                on:pointerleave=move |event| pointer.on_leave(&event)
                on:keydown=move |_| pointer.on_key()
                on:click=move |event| pointer.on_click(&event)
                on:contextmenu=move |event| pointer.on_menu(&event)
            >
                <div
                    class="content"
                    style:height=content_height
                    style:width=move || format!("calc(100% + {})", px(hidden_width.get()))
                >
                    <div
                        class="pane"
                        style:height=move || px(window.get().height)
                        style:width=move || px(window.get().width)
                    >
                        <canvas node_ref=canvas aria-hidden="true"></canvas>
                        <TokenColumn figure side=Side::Query />
                        <Show when=move || !is_matrix.get()>
                            <TokenColumn figure side=Side::Key />
                        </Show>
                    </div>
                </div>
                <Show when=move || n_rows.get() == 0>
                    <Waiting page />
                </Show>
            </div>
            <p class="hint" class:gone=move || geometry.crowding().is_none()>{move || geometry.crowding()}</p>
        </div>
    }
}

/// The colours of the picture: the heads', or one of its own where it is of the whole layer.
fn drawn_colours(
    scene: Derived<Option<Scene>>,
    colours: Derived<HeadColours>,
    scheme: Derived<Scheme>,
) -> Derived<HeadColours> {
    let is_layer_wide = Derived::new(move || scene.with(|scene| scene.as_ref().is_some_and(Scene::is_layer_wide)));
    Derived::new(move || if is_layer_wide.get() { HeadColours::neutral(scheme.get()) } else { colours.get() })
}

/// Brings the token that somebody goes to into view.
fn reveal_sought(page: Page, scene: Derived<Option<Scene>>, reveal: Callback<usize>) {
    effect(move || {
        let Some(TokenRef { side, position }) = page.sought().get() else { return };
        let row = scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            scene.rows(side).iter().position(|unit| scene.units.tokens(side, *unit).contains(&position))
        });
        if let Some(row) = row {
            reveal.run(row);
        }
    });
}

/// The numbers beside the tokens: of the marked tokens, or of all where none is marked.
fn received(scene: Derived<Option<Scene>>) -> Derived<Option<Received>> {
    let idle = Scene::idle_memo(scene);
    let of_all = Derived::new(move || idle.with(|scene| scene.as_ref().and_then(Scene::received)));
    Derived::new(move || {
        let of_marked = scene.with(|scene| scene.as_ref().filter(|scene| !scene.is_idle()).map(Scene::received));
        of_marked.unwrap_or_else(|| of_all.get())
    })
}

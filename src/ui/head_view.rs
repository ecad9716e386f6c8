//! The head view's figure: a window on the content, with a canvas behind and tokens as text in front.
//!
//! Canvas and tokens stand in a pane that does not scroll with its content but follows the scroll offset, so that lines
//! and tokens never part, and the canvas is never larger than the window.

use leptos::ev::MouseEvent;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use leptos_use_device_pixel_ratio::use_device_pixel_ratio;
use leptos_use_element_size::{UseElementSizeReturn, use_element_size};
use leptos_use_media_query::use_media_query;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

use super::page::Page;
use super::scene::Scene;
use super::token_column::{Figure, TokenColumn, px};
use crate::render::{Columns, HeadColours, Window};
use crate::render_web::HeadCanvas;
use crate::state::{Event, TokenRef, wording};
use crate::trace::Side;

/// Width of a character of the tokens' font, in CSS pixels: six tenths of its size.
const CHARACTER_WIDTH: f32 = 7.83;

/// Left and right of a token's text, in CSS pixels.
const PADDING: f32 = 24.0;

/// Up to so many rows there is room to spare.
const N_ROOMY: usize = 20;

/// Columns of tokens with the attention between them.
#[component]
pub fn HeadViewFigure(
    /// The page.
    page: Page,
    /// What is shown.
    scene: Memo<Option<Scene>>,
    /// Colour of each head.
    colours: Memo<HeadColours>,
    /// The token that has the keyboard focus.
    focused: RwSignal<Option<TokenRef>>,
) -> impl IntoView {
    let scroller = NodeRef::<Div>::new();
    let canvas = NodeRef::<Canvas>::new();
    let UseElementSizeReturn { width, height } = use_element_size(scroller);
    let pixel_ratio = use_device_pixel_ratio();
    let has_coarse_pointer = use_media_query("(pointer: coarse)");
    let scroll = RwSignal::new(0.0_f32);

    let n_rows = Memo::new(move |_| scene.with(|scene| scene.as_ref().map_or(0, Scene::n_rows)));
    let row_height = Memo::new(move |_| match (has_coarse_pointer.get(), n_rows.get() <= N_ROOMY) {
        (true, _) => 28.0,
        (false, true) => 24.0,
        (false, false) => 20.0,
    });
    let window = Memo::new(move |_| Window {
        width: width.get() as f32,
        height: height.get() as f32,
        scroll: scroll.get(),
        row_height: row_height.get(),
    });
    // Follows the labels and the filter, not every change of the scene.
    let longest = Memo::new(move |_| scene.with(|scene| scene.as_ref().map_or(0, Scene::longest_token)));
    let columns =
        Memo::new(move |_| Columns::fit(width.get() as f32, longest.get() as f32 * CHARACTER_WIDTH + PADDING));
    let received = Memo::new(move |_| scene.with(|scene| scene.as_ref().and_then(Scene::received)));

    draw_on_change(canvas, scene, colours, columns, window, pixel_ratio);

    let reveal = Callback::new(move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(window.get_untracked().scroll_to(row) as i32);
        }
    });
    let figure = Figure { page, scene, received, columns, window, reveal, focused };
    let pick = move |(x, y): (i32, i32)| {
        let bounds = scroller.get_untracked()?.get_bounding_client_rect();
        let (x, y) = (f64::from(x) - bounds.left(), f64::from(y) - bounds.top());
        scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            let n_rows = (scene.queries.len(), scene.keys.len());
            let (side, row) = window.get_untracked().pick(&columns.get_untracked(), n_rows, x as f32, y as f32)?;
            scene.rows(side).get(row).map(|&position| TokenRef { side, position })
        })
    };
    // Where the pointer rests: scrolling moves other tokens under it.
    let resting = StoredValue::new(None::<(i32, i32)>);
    let hover = move |token| {
        if page.peek(|state| state.selection.hover != token) {
            page.dispatch(Event::Hovered(token));
        }
    };
    // What was looked at when a finger came down: the focus that follows changes it before the click does.
    let before_tap = StoredValue::new(None::<TokenRef>);
    let on_click = move |event: MouseEvent| {
        if has_selected_text() {
            return;
        }
        match (pick(place(&event)), is_touch(&event)) {
            // Tap once to look, again to keep.
            (Some(token), true) if before_tap.get_value() != Some(token) => hover(Some(token)),
            (Some(token), _) => page.dispatch(Event::PinToggled(token)),
            (None, _) => page.dispatch(Event::TokensCleared),
        }
    };
    view! {
        <div class="figure">
            <Headings page scene columns />
            <div
                class="scroller"
                class:empty=move || n_rows.get() == 0
                node_ref=scroller
                style:height=move || px(window.get().content_height(n_rows.get()))
                on:scroll:target=move |event| {
                    scroll.set(event.target().scroll_top() as f32);
                    if let Some(at) = resting.get_value() {
                        hover(pick(at));
                    }
                }
                on:pointerdown=move |_| before_tap.set_value(page.peek(|state| state.selection.hover))
                on:pointermove=move |event| {
                    if !is_touch(&event) {
                        resting.set_value(Some(place(&event)));
                        hover(pick(place(&event)));
                    }
                }
                on:pointerleave=move |event| {
                    resting.set_value(None);
                    if !is_touch(&event) {
                        hover(None);
                    }
                }
                // From here on the keyboard says what is looked at.
                on:keydown=move |_| resting.set_value(None)
                on:click=on_click
            >
                <div class="content" style:height=move || px(window.get().content_height(n_rows.get()))>
                    <div class="pane" style:height=move || px(window.get().height)>
                        <canvas node_ref=canvas aria-hidden="true"></canvas>
                        <TokenColumn figure side=Side::Query />
                        <TokenColumn figure side=Side::Key />
                    </div>
                </div>
                <Show when=move || n_rows.get() == 0>
                    <Waiting page />
                </Show>
            </div>
        </div>
    }
}

/// Draws with the next frame, once per frame at most.
fn draw_on_change(
    canvas: NodeRef<Canvas>,
    scene: Memo<Option<Scene>>,
    colours: Memo<HeadColours>,
    columns: Memo<Columns>,
    window: Memo<Window>,
    pixel_ratio: Signal<f64>,
) {
    let target = StoredValue::new_local(None::<HeadCanvas>);
    let is_due = StoredValue::new(false);
    let draw = move || {
        let Some(Some(canvas)) = canvas.try_get_untracked() else { return };
        is_due.set_value(false);
        target.update_value(|target| {
            if target.is_none() {
                *target = HeadCanvas::new(canvas);
            }
            let Some(target) = target else { return };
            scene.with_untracked(|scene| {
                let view = scene.as_ref().and_then(Scene::view);
                colours.with_untracked(|colours| {
                    let (columns, window) = (columns.get_untracked(), window.get_untracked());
                    target.draw(view.as_ref(), &columns, &window, colours, pixel_ratio.get_untracked() as f32);
                });
            });
        });
    };
    Effect::new(move |_| {
        scene.track();
        colours.track();
        columns.track();
        window.track();
        pixel_ratio.track();
        canvas.track();
        if !is_due.get_value() {
            is_due.set_value(true);
            request_animation_frame(draw);
        }
    });
}

/// Names over the two columns and, between them, what is drawn.
#[component]
fn Headings(page: Page, scene: Memo<Option<Scene>>, columns: Memo<Columns>) -> impl IntoView {
    let drawn = Memo::new(move |_| scene.with(|scene| scene.as_ref().and_then(heading)));
    let is_late = page.memo(|state| state.awaits_layer());
    view! {
        <div class="headings">
            <span class="query" style:width=move || px(columns.get().query_token.end())>
                "Query" <span class="aside">" reads"</span>
            </span>
            <span class="drawn" class:late=move || is_late.get()>{move || drawn.get()}</span>
            <span class="key" style:width=move || px(columns.get().key_number.end() - columns.get().key_token.x)>
                "Key" <span class="aside">" is read"</span>
            </span>
        </div>
    }
}

fn heading(scene: &Scene) -> Option<String> {
    let layer = scene.layer()?;
    Some(match scene.heads.as_slice() {
        &[head] => wording::head_name(layer, head),
        several if several.len() == scene.shape.n_heads => format!("Layer {layer}, all {} heads", several.len()),
        several => format!("Layer {layer}, {}", wording::count(several.len(), "head")),
    })
}

/// Stands where the first result will be.
#[component]
fn Waiting(page: Page) -> impl IntoView {
    let is_loading = page.memo(|state| state.is_busy() || state.models.is_empty() && state.notices.model.is_none());
    let size = page.memo(|state| state.picked().map(|entry| wording::bytes(entry.size())));
    let sentence = move || match (is_loading.get(), size.get()) {
        (true, Some(size)) => {
            format!("The model’s {size} are loaded once and then kept in this browser. The first result appears here.")
        }
        (true, None) => "The first result appears here.".to_owned(),
        (false, _) => "Nothing has been run yet. Run shows the attention of your text here.".to_owned(),
    };
    view! { <p class="waiting">{sentence}</p> }
}

/// Where an event was, in the window.
fn place(event: &MouseEvent) -> (i32, i32) {
    (event.client_x(), event.client_y())
}

fn is_touch(event: &MouseEvent) -> bool {
    event.dyn_ref::<PointerEvent>().is_some_and(|event| event.pointer_type() == "touch")
}

/// Whether a click was the end of marking text.
fn has_selected_text() -> bool {
    let selection = leptos::prelude::window().get_selection().ok().flatten();
    selection.is_some_and(|selection| !selection.is_collapsed())
}

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

use super::headings::Headings;
use super::matrix_keys::MatrixKeys;
use super::scene::Scene;
use super::token_column::{TokenColumn, px};
use super::token_figure::Figure;
use crate::render::{
    Columns, Diverging, Grid, HeadColours, HeadView, NEUTRAL_HUE, Ramp, Scheme, Span, Window, nearest_line, panels,
};
use crate::render_web::{Content, HeadCanvas, Picture, Ramps};
use crate::state::{Event, TokenRef, wording};
use crate::trace::{AttnKind, Side};
use crate::ui::change::edit_menu::open_at_event;
use crate::ui::erased::{Derived, Show, effect, view};
use crate::ui::shell::page::Page;

/// Width of a character of the tokens' font, in CSS pixels: six tenths of its size.
const CHARACTER_WIDTH: f32 = 7.83;

/// Left and right of a token's text, in CSS pixels.
const PADDING: f32 = 24.0;

/// Up to so many rows there is room to spare.
const N_ROOMY: usize = 20;

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
    let UseElementSizeReturn { width, height } = use_element_size(scroller);
    let pixel_ratio = use_device_pixel_ratio();
    let has_coarse_pointer = use_media_query("(pointer: coarse)");
    let scroll = RwSignal::new(0.0_f32);

    let n_rows = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, Scene::n_rows)));
    let row_height = Derived::new(move || match (has_coarse_pointer.get(), n_rows.get() <= N_ROOMY) {
        (true, _) => 28.0,
        (false, true) => 24.0,
        (false, false) => 20.0,
    });
    let window = Derived::new(move || Window {
        width: width.get() as f32,
        height: height.get() as f32,
        scroll: scroll.get(),
        row_height: row_height.get(),
    });
    // Follows the labels and the filter, not every change of the scene.
    let longest = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, Scene::longest_token)));
    let is_matrix = Derived::new(move || scene.with(|scene| scene.as_ref().is_some_and(Scene::is_matrix)));
    let columns = Derived::new(move || {
        let token_width = longest.get() as f32 * CHARACTER_WIDTH + PADDING;
        let fit = if is_matrix.get() { Columns::of_matrix } else { Columns::fit };
        fit(width.get() as f32, token_width)
    });
    let n_panels = Derived::new(move || {
        scene.with(|scene| scene.as_ref().filter(|scene| scene.is_split()).map_or(1, |scene| scene.heads.len()))
    });
    let stretches = Derived::new(move || panels(columns.get().links, n_panels.get()));
    let hidden_heads = move || {
        let (n_panels, n_fitting) = (n_panels.get(), stretches.with(Vec::len));
        (n_fitting < n_panels).then(|| {
            format!("{n_fitting} of {n_panels} heads fit beside each other: choose fewer, or make the window wider.")
        })
    };
    let idle = Scene::idle_memo(scene);
    let idle_received = Derived::new(move || idle.with(|scene| scene.as_ref().and_then(Scene::received)));
    let received = Derived::new(move || {
        let marked = scene.with(|scene| scene.as_ref().filter(|scene| !scene.is_idle()).map(Scene::received));
        marked.unwrap_or_else(|| idle_received.get())
    });
    let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let ramps = Derived::new(move || {
        is_matrix.get().then(|| Ramps {
            heads: (0..n_heads.get()).map(|head| Ramp::of_head(head, n_heads.get(), scheme.get())).collect(),
            mean: Ramp::new(NEUTRAL_HUE, scheme.get()),
            difference: Diverging::new(scheme.get()),
        })
    });

    let layout = Layout { columns, stretches, window };
    draw_on_change(canvas, scene, colours, ramps, scheme, layout, pixel_ratio);

    let reveal = Callback::new(move |row: usize| {
        if let Some(scroller) = scroller.get_untracked() {
            scroller.set_scroll_top(window.get_untracked().scroll_to(row) as i32);
        }
    });
    let figure = Figure { page, scene, received, columns, window, reveal, focused };
    let pick = move |(x, y): (i32, i32)| {
        let bounds = scroller.get_untracked()?.get_bounding_client_rect();
        let (x, y) = ((f64::from(x) - bounds.left()) as f32, (f64::from(y) - bounds.top()) as f32);
        scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            let (window, n_rows) = (window.get_untracked(), (scene.queries.len(), scene.keys.len()));
            if let Some((side, row)) = window.pick(&columns.get_untracked(), n_rows, x, y) {
                return scene.rows(side).get(row).map(|&position| Picked::Unit(TokenRef { side, position }));
            }
            let pick_cell = |panel: &Span| Grid::fit(*panel, n_rows.1, window.row_height).pick(&window, n_rows.0, x, y);
            let (row, column) = stretches.with_untracked(|panels| panels.iter().find_map(pick_cell))?;
            let cell = Picked::Cell(*scene.queries.get(row)?, *scene.keys.get(column)?);
            scene.is_matrix().then_some(cell)
        })
    };
    // The weight under a point, with its head where heads have pictures of their own: a cell, or the nearest line.
    let pick_link = move |(x, y): (i32, i32)| {
        let bounds = scroller.get_untracked()?.get_bounding_client_rect();
        let (x, y) = ((f64::from(x) - bounds.left()) as f32, (f64::from(y) - bounds.top()) as f32);
        scene.with_untracked(|scene| {
            let scene = scene.as_ref()?;
            let (window, view) = (window.get_untracked(), scene.view()?);
            let panels = stretches.get_untracked();
            let at = panels.iter().position(|panel| (panel.x..panel.end()).contains(&x))?;
            let head = scene.heads.get(at).copied().filter(|_| scene.is_split());
            if scene.is_matrix() {
                let grid = Grid::fit(panels[at], scene.keys.len(), window.row_height);
                let (row, column) = grid.pick(&window, scene.queries.len(), x, y)?;
                return Some((*scene.queries.get(row)?, *scene.keys.get(column)?, head));
            }
            let heads = head.map_or(view.heads.to_vec(), |head| vec![head]);
            let lines = HeadView { heads: &heads, ..view }.lines(&window, &colours.get_untracked());
            let (query, key) = nearest_line(&lines, panels[at], x, y)?;
            Some((query, key, head))
        })
    };
    let on_menu = move |event: MouseEvent| {
        let target = match pick(place(&event)) {
            Some(Picked::Unit(unit)) => figure.target_of(unit),
            _ => pick_link(place(&event)).and_then(|(query, key, head)| figure.target_of_link(query, key, head)),
        };
        if let Some(target) = target {
            open_at_event(page, &event, target);
        }
    };
    // Where the pointer rests: scrolling moves other tokens under it.
    let resting = StoredValue::new(None::<(i32, i32)>);
    let hover = move |picked| match picked {
        None => figure.look_at(None),
        Some(Picked::Unit(unit)) => figure.look_at(Some(unit)),
        Some(Picked::Cell(query, key)) => figure.look_at_cell(query, key),
    };
    let is_looked_at = move |picked| match picked {
        Picked::Unit(unit) => figure.is_looked_at(unit),
        Picked::Cell(query, key) => figure.is_cell_looked_at(query, key),
    };
    // Whether it was looked at when a finger came down: the focus that follows changes it before the click does.
    let was_looked_at = StoredValue::new(false);
    let on_click = move |event: MouseEvent| {
        if has_selected_text() {
            return;
        }
        match (pick(place(&event)), is_touch(&event)) {
            // Tap once to look, again to keep.
            (Some(picked), true) if !was_looked_at.get_value() => hover(Some(picked)),
            (Some(Picked::Unit(unit)), _) => figure.keep(unit),
            (Some(Picked::Cell(query, key)), _) => figure.keep_cell(query, key),
            (None, _) => page.dispatch(Event::TokensCleared),
        }
    };
    view! {
        <div class="figure" class:narrow=move || columns.get().query_number.width == 0.0>
            <Headings page scene received columns stretches />
            <Show when=move || is_matrix.get()>
                <MatrixKeys figure stretches />
            </Show>
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
                on:pointerdown=move |event| {
                    was_looked_at.set_value(pick(place(&event)).is_some_and(is_looked_at));
                }
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
                on:contextmenu=on_menu
            >
                <div class="content" style:height=move || px(window.get().content_height(n_rows.get()))>
                    <div class="pane" style:height=move || px(window.get().height)>
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
            <p class="hint" class:gone=move || hidden_heads().is_none()>{hidden_heads}</p>
        </div>
    }
}

/// What is under the pointer.
#[derive(Clone, Copy)]
enum Picked {
    /// A token or word of one side.
    Unit(TokenRef),
    /// A cell of a matrix: query and key.
    Cell(usize, usize),
}

/// Where everything is.
#[derive(Clone, Copy)]
struct Layout {
    columns: Derived<Columns>,
    stretches: Derived<Vec<Span>>,
    window: Derived<Window>,
}

/// Draws with the next frame, once per frame at most.
fn draw_on_change(
    canvas: NodeRef<Canvas>,
    scene: Derived<Option<Scene>>,
    colours: Derived<HeadColours>,
    ramps: Derived<Option<Ramps>>,
    scheme: Derived<Scheme>,
    Layout { columns, stretches, window }: Layout,
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
            let (columns, panels, ramps) = (columns.get_untracked(), stretches.get_untracked(), ramps.get_untracked());
            // The text's colours of style/theme.css.
            let ink = if scheme.get_untracked() == Scheme::Dark { [0xec, 0xec, 0xf0] } else { [0x1c, 0x1c, 0x20] };
            scene.with_untracked(|scene| {
                let picture = scene.as_ref().and_then(|scene| {
                    let (is_split, cells) = (scene.is_split(), ramps.as_ref().filter(|_| scene.is_matrix()));
                    let view = scene.view()?;
                    let content = Content {
                        result: scene.result.request,
                        attention: attention_number(scene.result.kind),
                        layer: scene.layer()?,
                        is_joined: scene.units.is_joined,
                    };
                    Some(Picture { view, content, columns: &columns, panels: &panels, is_split, cells, ink })
                });
                colours.with_untracked(|colours| {
                    target.draw(picture.as_ref(), &window.get_untracked(), colours, pixel_ratio.get_untracked() as f32);
                });
            });
        });
    };
    effect(move || {
        scene.track();
        colours.track();
        columns.track();
        stretches.track();
        ramps.track();
        scheme.track();
        window.track();
        pixel_ratio.track();
        canvas.track();
        if !is_due.get_value() {
            is_due.set_value(true);
            request_animation_frame(draw);
        }
    });
}

/// Tells the attentions of a model apart.
fn attention_number(kind: AttnKind) -> u8 {
    AttnKind::THREE.iter().position(|it| *it == kind).map_or(0, |at| at as u8 + 1)
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

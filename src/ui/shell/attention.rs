//! The view bar, and the views with their controls and what stands beside them, which the page and a saved page share.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::floor::{Columns, Floor};
use super::notices::Notices;
use super::page::Page;
use super::scales::{ScaleBar, ScaleViews};
use super::swipe::Swipe;
use crate::render::{HeadColours, Scheme};
use crate::state::editing::EditEvent;
use crate::state::{DisplayChange, Event, RUNS_MODELS, SelectionEvent, State, TokenRef, View, ViewEvent};
use crate::ui::change::edit_menu::open_at_key;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::head::display_options::DisplayOptions;
use crate::ui::head::figure::HeadViewFigure;
use crate::ui::head::kind_choice::KindChoice;
use crate::ui::head::legend::Legend;
use crate::ui::head::live_region::LiveRegion;
use crate::ui::head::scene::Scene;
use crate::ui::head::segment_filter::SegmentFilterChoice;
use crate::ui::input::example_caption::ExampleCaption;

/// The view bar, and under it rail, stage and inspector.
#[component]
pub fn Attention(
    page: Page,
    scene: Derived<Option<Scene>>,
    scheme: Derived<Scheme>,
    is_saving: RwSignal<bool>,
) -> impl IntoView {
    let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let colours = Derived::new(move || HeadColours::new(n_heads.get(), scheme.get()));
    // The token with the keyboard focus, whose links screen readers hear.
    let focused = RwSignal::new(None::<TokenRef>);
    let floor = Floor::new(page);
    let parts = page.parts();
    let shows_sweep = page.memo(State::shows_sweep);
    let has_pane = page.memo(|state| state.pane().is_some());
    let is_find = page.memo(|state| state.selection.view == View::Find);
    // The table of the stream shows all positions, whatever is left out elsewhere.
    let is_stream = page.memo(|state| state.selection.view == View::Stream);
    // While the divider is dragged, its place is not kept.
    let share =
        Derived::new(move || page.dragged_share().get().unwrap_or_else(|| page.with(|state| state.layout.pane_share)));
    let swipe = Swipe::new(page);
    view! {
        <section
            class="view"
            aria-label="Attention"
            on:keydown=move |event| view_key(page, &event)
            on:pointerdown=move |event| swipe.on_down(&event)
            on:touchend=move |event| swipe.on_end(&event)
        >
            <ScaleBar floor scene colours />
            <Notices page is_saving />
            <Columns floor scene colours scheme>
                {RUNS_MODELS.then(|| view! {
                    <div class="of-example" class:none=move || shows_sweep.get() || is_find.get()><ExampleCaption page /></div>
                })}
                <div
                    class="panes"
                    class:none=move || shows_sweep.get()
                    class:two=move || has_pane.get()
                    style:--share=move || share.get().to_string()
                >
                    <div class="views">
                        <div
                            class="controls"
                            class:awaiting=move || n_heads.get() == 0
                            class:of-stream=move || is_stream.get()
                            class:none=move || is_find.get()
                        >
                            <KindChoice page />
                            <SegmentFilterChoice page />
                            <DisplayOptions page scene />
                        </div>
                        <ScaleViews page scheme>
                            <HeadViewFigure page scene colours scheme focused />
                            <Legend scene scheme />
                        </ScaleViews>
                    </div>
                    <Show when=move || has_pane.get()>
                        {parts.awaited(move |views| (views.pane)(page, scheme))}
                    </Show>
                </div>
                {RUNS_MODELS.then(|| view! {
                    <Show when=move || shows_sweep.get()>{parts.awaited(move |views| (views.sweep)(page))}</Show>
                })}
            </Columns>
            <LiveRegion scene focused />
        </section>
    }
}

/// Keys that work anywhere in the views.
pub fn view_key(page: Page, event: &leptos::ev::KeyboardEvent) {
    // A dialog over the views has keys of its own.
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_in_dialog = target.is_some_and(|target| target.closest("dialog").is_ok_and(|dialog| dialog.is_some()));
    if is_in_dialog || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if open_at_key(page, event, || Some(page.peek(|state| state.selected_target()))) {
        return;
    }
    let event_of = match event.key().as_str() {
        "Escape" => Event::Select(SelectionEvent::TokensCleared),
        "l" => Event::Select(SelectionEvent::LayerStepped(1)),
        "L" => Event::Select(SelectionEvent::LayerStepped(-1)),
        "h" => Event::Select(SelectionEvent::HeadStepped(1)),
        "H" => Event::Select(SelectionEvent::HeadStepped(-1)),
        "a" => Event::Select(SelectionEvent::AllHeads),
        "b" => Event::Editing(EditEvent::VariantStepped),
        "m" => Event::View(ViewEvent::DisplayChanged(DisplayChange::Drawing(
            page.peek(|state| state.options.display.drawing.other()),
        ))),
        _ => return,
    };
    event.prevent_default();
    page.dispatch(event_of);
}

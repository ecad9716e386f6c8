//! The three views with their controls and panels, which the page and a saved page share.

use leptos::prelude::*;

use super::page::Page;
use super::scales::{ScaleBar, ScaleViews, SmallMap};
use crate::analysis::scores::Score;
use crate::render::{HeadColours, Scheme};
use crate::state::editing::EditEvent;
use crate::state::{DisplayChange, Event, Home, RUNS_MODELS, SelectionEvent, TokenRef, ViewEvent};
use crate::ui::change::edit_menu::{EditButton, open_at_key};
use crate::ui::change::side_choice::SideChoice;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::head::display_options::DisplayOptions;
use crate::ui::head::figure::HeadViewFigure;
use crate::ui::head::head_squares::HeadSquares;
use crate::ui::head::kind_choice::KindChoice;
use crate::ui::head::layer_picker::LayerPicker;
use crate::ui::head::legend::Legend;
use crate::ui::head::live_region::LiveRegion;
use crate::ui::head::scene::Scene;
use crate::ui::head::segment_filter::SegmentFilterChoice;
use crate::ui::numbers::links_panel::LinksPanel;
use crate::ui::numbers::scores::Ranking;

/// Tabs, controls, the views on screen, and their panels.
#[component]
pub fn Attention(
    page: Page,
    scene: Derived<Option<Scene>>,
    scheme: Derived<Scheme>,
    is_saving: RwSignal<bool>,
    panel: Option<Signal<bool>>,
) -> impl IntoView {
    let n_heads = Derived::new(move || scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let colours = Derived::new(move || HeadColours::new(n_heads.get(), scheme.get()));
    // The token with the keyboard focus, whose links screen readers hear.
    let focused = RwSignal::new(None::<TokenRef>);
    let ranking = RwSignal::new(Ranking::Score(Score::Previous));
    // A saved page has no model, and so only the predictions it was saved with.
    let predicts = page.memo(|state| {
        let has_some = state.shown.as_ref().is_some_and(|shown| !shown.info.top.is_empty());
        state.home != Home::File || has_some
    });
    let parts = page.parts();
    let has_edits = page.peek(|state| state.home.is_page());
    view! {
        <section class="view" aria-label="Attention" on:keydown=move |event| view_key(page, &event)>
            <ScaleBar page is_saving panel />
            <div class="controls" class:awaiting=move || n_heads.get() == 0>
                <KindChoice page />
                <LayerPicker page />
                <HeadSquares page scene colours />
                {RUNS_MODELS.then(|| view! {
                    <EditButton page />
                    <SideChoice page />
                })}
                <SegmentFilterChoice page />
                <DisplayOptions page scene />
            </div>
            <ScaleViews page scheme>
                <div class="columns">
                    <div class="overview">
                        <SmallMap page scheme />
                    </div>
                    <div class="stage">
                        <HeadViewFigure page scene colours scheme focused />
                        <Legend scene scheme has_edits />
                        {RUNS_MODELS.then(|| view! {
                            <Show when=move || predicts.get()>
                                {parts.later(move |views| (views.predictions)(page))}
                            </Show>
                        })}
                        {parts.later(move |views| (views.scores)(page, colours, ranking))}
                    </div>
                    <div class="panels">
                        <LinksPanel page scene colours />
                    </div>
                </div>
            </ScaleViews>
            <LiveRegion scene focused />
        </section>
    }
}

/// Keys that work anywhere in the views.
pub fn view_key(page: Page, event: &leptos::ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
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

//! The page as a whole: header, input, the view with its controls, panels.

use leptos::prelude::*;

use super::display_options::DisplayOptions;
use super::edit_menu::{EditButton, EditMenu, open_at_key};
use super::editing::{Editing, panel_is_open};
use super::examples::ExampleCaption;
use super::head_squares::HeadSquares;
use super::head_view::HeadViewFigure;
use super::kind_choice::KindChoice;
use super::layer_picker::LayerPicker;
use super::legend::Legend;
use super::links_panel::LinksPanel;
use super::live_region::LiveRegion;
use super::model_picker::ModelPicker;
use super::page::Page;
use super::predictions::Predictions;
use super::scales::{ScaleBar, ScaleViews, SmallMap};
use super::scene::Scene;
use super::scores_panel::{Ranking, ScoresPanel};
use super::segment_filter::SegmentFilterChoice;
use super::share::{Printed, Share};
use super::side_choice::SideChoice;
use super::status_line::StatusLine;
use super::text_form::TextForm;
use super::theme::{ThemeButton, scheme};
use crate::analysis::scores::Score;
use crate::render::HeadColours;
use crate::state::editing::EditEvent;
use crate::state::{DisplayChange, Event, TokenRef};

/// The page.
#[component]
pub fn App() -> impl IntoView {
    let page = Page::open();
    let scheme = scheme(page);
    let scene = Scene::memo(page, scheme);
    let n_heads = Memo::new(move |_| scene.with(|scene| scene.as_ref().map_or(0, |scene| scene.shape.n_heads)));
    let colours = Memo::new(move |_| HeadColours::new(n_heads.get(), scheme.get()));
    // The token that has the keyboard focus: what is spoken.
    let focused = RwSignal::new(None::<TokenRef>);
    let is_saving = RwSignal::new(false);
    let is_open = panel_is_open(page);
    let ranking = RwSignal::new(Ranking::Score(Score::Previous));
    view! {
        <header class="masthead">
            <h1>"Headlight"</h1>
            <div class="tools">
                <Share page scene is_saving />
                <ThemeButton page />
            </div>
            <p class="lead">
                "Every line below is an attention weight: how much one token reads from another, computed by a \
                transformer that runs in this page, on any text you type."
            </p>
        </header>
        <main>
            <section class="input" aria-label="Input">
                <ModelPicker page />
                <TextForm page />
            </section>
            <StatusLine page />
            <ExampleCaption page />
            <div class="workbench" class:shut=move || !is_open.get()>
                <section class="view" aria-label="Attention" on:keydown=move |event| view_key(page, &event)>
                    <ScaleBar page is_saving is_open />
                    <div class="controls" class:awaiting=move || n_heads.get() == 0>
                        <KindChoice page />
                        <LayerPicker page />
                        <HeadSquares page scene colours />
                        <EditButton page />
                        <SideChoice page />
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
                                <Legend scene scheme />
                                <Predictions page />
                                <ScoresPanel page colours ranking />
                            </div>
                            <div class="panels">
                                <LinksPanel page scene colours />
                            </div>
                        </div>
                    </ScaleViews>
                    <LiveRegion scene focused />
                </section>
                <Editing page is_open />
            </div>
            <EditMenu page />
        </main>
        <Printed page scene />
    }
}

/// Keys that work anywhere in the view, as long as nothing is being typed.
fn view_key(page: Page, event: &leptos::ev::KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    if open_at_key(page, event, || Some(page.peek(|state| state.selected_target()))) {
        return;
    }
    let event_of = match event.key().as_str() {
        "Escape" => Event::TokensCleared,
        "l" => Event::LayerStepped(1),
        "L" => Event::LayerStepped(-1),
        "h" => Event::HeadStepped(1),
        "H" => Event::HeadStepped(-1),
        "a" => Event::AllHeads,
        "b" => Event::Editing(EditEvent::SideStepped),
        "m" => Event::DisplayChanged(DisplayChange::Drawing(page.peek(|state| state.options.display.drawing.other()))),
        _ => return,
    };
    event.prevent_default();
    page.dispatch(event_of);
}

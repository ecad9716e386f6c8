//! The layout of the page: header, input, views, panels.

use leptos::prelude::*;

use super::attention::Attention;
use super::fault::{restore_texts, show_faults};
use super::page::Page;
use super::status_line::StatusLine;
use super::theme::{ThemeButton, scheme};
use super::worker::start_worker;
use crate::state::Home;
use crate::ui::change::column::{EditingColumn, panel_is_open};
use crate::ui::change::edit_menu::MenuPlace;
use crate::ui::erased::view;
use crate::ui::head::scene::Scene;
use crate::ui::input::examples::ExampleCaption;
use crate::ui::input::text_form::TextForm;
use crate::ui::models::model_picker::ModelPicker;
use crate::ui::parts::Missing;
use crate::ui::share::Share;

/// The page on its own.
#[component]
pub fn App() -> impl IntoView {
    show_faults();
    let page = Page::open(Home::Page, Some(start_worker));
    restore_texts(page);
    let scheme = scheme(page);
    let scene = Scene::memo(page, scheme);
    let parts = page.parts();
    let is_saving = RwSignal::new(false);
    let is_open = panel_is_open(page);
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
            <Missing parts />
            <ExampleCaption page />
            <div class="workbench" class:shut=move || !is_open.get()>
                <Attention page scene scheme is_saving panel=Some(is_open) />
                <EditingColumn page is_open />
            </div>
            <MenuPlace page />
        </main>
        <footer>
            {parts.later(move |views| (views.device_models)(page))}
        </footer>
        {parts.later(move |views| (views.printed)(page, scene))}
    }
}

//! The layout of the page: model and text at the top, the views with what stands beside them, the status line.

use leptos::prelude::*;

use super::attention::Attention;
use super::fault::{keep_unrun_texts, restore_texts, show_faults};
use super::page::Page;
use super::skip_link::SkipLink;
use super::status::StatusLine;
use super::theme::scheme;
use super::worker::start_worker_later;
use crate::state::Home;
use crate::ui::change::edit_menu::MenuPlace;
use crate::ui::erased::view;
use crate::ui::head::scene::Scene;
use crate::ui::input::text_form::TextForm;
use crate::ui::models::model_picker::ModelPicker;
use crate::ui::palette;
use crate::ui::parts::Missing;
use crate::ui::share::Tools;

/// The page on its own.
#[component]
pub fn App() -> impl IntoView {
    show_faults();
    let page = Page::open(Home::Page, Some(start_worker_later));
    restore_texts(page);
    keep_unrun_texts(page);
    let scheme = scheme(page);
    let scene = Scene::memo(page, scheme);
    let parts = page.parts();
    let is_saving = RwSignal::new(false);
    palette::listen(page);
    view! {
        <SkipLink />
        <header class="topbar">
            <h1>"Headlight"</h1>
            <section class="input" aria-label="Input">
                <ModelPicker page />
                <TextForm page />
            </section>
            <Tools page scene is_saving />
        </header>
        <main>
            <Missing parts />
            <Attention page scene scheme is_saving />
            <MenuPlace page />
        </main>
        <StatusLine page />
        {parts.later(move |views| (views.printed)(page, scene))}
        {parts.later(move |views| (views.palette)(page))}
        {parts.later(move |views| (views.tour)(page))}
    }
}

//! The saved page: the same views on a trace inside the document, without a model. In a frame, as in a notebook, it tells its host what
//! is chosen and pointed at.

use leptos::prelude::*;

use super::attention::Attention;
use super::fault::show_faults;
use super::host::speak_with_host;
use super::page::Page;
use super::skip_link::SkipLink;
use super::status::StatusLine;
use super::theme::scheme;
use crate::protocol::InputText;
use crate::state::{Home, State, wording};
use crate::ui::erased::{effect, view};
use crate::ui::head::scene::Scene;
use crate::ui::palette;
use crate::ui::share::Tools;

/// The saved page.
#[component]
pub fn Viewer() -> impl IntoView {
    show_faults();
    let page = Page::open(Home::File, None);
    let scheme = scheme(page);
    let scene = Scene::memo(page, scheme);
    let is_saving = RwSignal::new(false);
    palette::listen(page);
    speak_with_host(page);
    let what = page.memo(what);
    effect(move || {
        if let Some((model, text)) = what.get() {
            document().set_title(&format!("{text}: attention in {model}"));
        }
    });
    view! {
        <SkipLink />
        <header class="topbar">
            <h1>"Headlight"</h1>
            <p class="lead" title="A saved run: this page holds all of it and runs no model.">
                {move || match what.get() {
                    None => view! { "A saved trace" },
                    Some((model, text)) => view! { <bdi>{model}</bdi>" on “"<bdi>{text}</bdi>"”, a saved run" },
                }}
            </p>
            <Tools page scene is_saving />
        </header>
        <main>
            <Attention page scene scheme is_saving />
        </main>
        <StatusLine page />
        {page.parts().later(move |views| (views.printed)(page, scene))}
        {page.parts().later(move |views| (views.palette)(page))}
    }
}

/// The model's name and the text it read.
fn what(state: &State) -> Option<(String, String)> {
    let shown = state.shown.as_ref()?;
    let text = match &shown.input.text {
        InputText::Pair(text, pair) => format!("{text}” and “{pair}"),
        InputText::Single(text) if !text.is_empty() => text.clone(),
        _ => wording::count(shown.labels.len(), "token"),
    };
    Some((wording::brief(&shown.model_name), wording::brief(&text)))
}

//! One atlas: of what it is, its heads, the chosen head.

use std::sync::Arc;

use leptos::prelude::*;

use super::head::AtlasHead;
use super::map::AtlasMap;
use super::points::HeadPoints;
use super::save::{save_csv, save_file, save_json};
use super::{Shown, send};
use crate::state::find::{AtlasEvent, AtlasView, OpenAtlas};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// An atlas by its place.
#[component]
pub fn AtlasPanel(page: Page, place: usize) -> impl IntoView {
    let shown = Shown::new(page, place);
    let name = move || shown.atlas.get().map(|atlas| atlas.name.clone()).unwrap_or_default();
    let statement = move || shown.atlas.get().map(|atlas| atlas.statement().join(" "));
    let is_map = page.memo(|state| state.find.atlas.view == AtlasView::Map);
    let head = shown.head;
    // A frame has this atlas and nothing else.
    let is_page = page.peek(|state| state.home.is_page());
    let problem = RwSignal::new(None::<String>);
    let save = move |write: fn(&OpenAtlas) -> Result<(), String>| {
        problem.set(shown.atlas.get_untracked().and_then(|atlas: Arc<OpenAtlas>| write(&atlas).err()));
    };
    view! {
        <section class="atlas-panel" aria-label=move || format!("Atlas {}", name())>
            <div class="sweep-head">
                <h3>{name}</h3>
                <span class="spring"></span>
                <button type="button" class="link" on:click=move |_| save(save_file)>"Save atlas"</button>
                <button type="button" class="link" on:click=move |_| save(save_csv)>"Save CSV"</button>
                <button type="button" class="link" on:click=move |_| save(save_json)>"Save JSON"</button>
                {is_page.then(|| view! {
                    <button type="button" class="link" on:click=move |_| send(page, AtlasEvent::Closed(place))>"Close"</button>
                })}
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <p class="statement">{statement}</p>
            {move || match is_map.get() {
                true => view! { <AtlasMap shown /> },
                false => view! { <HeadPoints shown /> },
            }}
            <Show when=move || head.get().is_some()><AtlasHead shown /></Show>
        </section>
    }
}

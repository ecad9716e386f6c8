//! The open atlases beside each other, in the page and in a frame.

use leptos::prelude::*;

use super::controls::AtlasControls;
use super::panel::AtlasPanel;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// The open atlases, and what is shown of them.
#[component]
pub fn AtlasPanels(page: Page) -> impl IntoView {
    let n_open = page.memo(|state| state.find.atlas.open.len());
    let problem = page.memo(|state| state.find.atlas.problem.clone());
    view! {
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
        <Show when=move || n_open.get() != 0>
            <AtlasControls page />
            <div class="atlas-panels">
                <AtlasPanel page place=0 />
                <Show when=move || { n_open.get() > 1 }><AtlasPanel page place=1 /></Show>
            </div>
        </Show>
    }
}

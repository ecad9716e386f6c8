//! The end of the top bar: what shares the result on screen.

use leptos::prelude::*;

use super::buttons::ShareButtons;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// The buttons at the end of the top bar; where there is no room for them, "Share" opens them.
#[component]
pub fn Tools(page: Page, scene: Derived<Option<Scene>>, is_saving: RwSignal<bool>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <div class="tools" class:open=move || is_open.get()>
            <button
                type="button"
                class="quiet share-toggle"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
            >
                "Share"
            </button>
            <ShareButtons page scene is_saving />
        </div>
    }
}

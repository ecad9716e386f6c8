//! Light and dark: the button, and the scheme in use.

use leptos::prelude::*;

use super::page::Page;
use crate::render::Scheme;
use crate::state::{Event, Theme, ViewEvent};
use crate::ui::erased::{Derived, effect, view};
use crate::ui::small::watched::media_query;

/// The scheme in use, which may be the system's.
pub fn scheme(page: Page) -> Derived<Scheme> {
    let system_is_dark = media_query("(prefers-color-scheme: dark)");
    let theme = page.memo(|state| state.options.theme);
    Derived::new(move || match theme.get() {
        Theme::System if system_is_dark.get() => Scheme::Dark,
        Theme::System | Theme::Light => Scheme::Light,
        Theme::Dark => Scheme::Dark,
    })
}

/// Sets the theme as an attribute of the root element, which the style sheet follows.
pub fn follow_theme(page: Page) {
    let theme = page.memo(|state| state.options.theme);
    effect(move || {
        let name = theme.get().name();
        if let Some(root) = document().document_element() {
            // Setting an attribute of the root cannot fail.
            let _ = root.set_attribute("data-theme", name);
        }
    });
}

/// Cycles through the system's theme, light and dark.
#[component]
pub fn ThemeButton(page: Page) -> impl IntoView {
    let theme = page.memo(|state| state.options.theme);
    follow_theme(page);
    let next = move || match theme.get_untracked() {
        Theme::System => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::System,
    };
    view! {
        <button
            type="button"
            class="quiet"
            title="Light, dark, or as the system is set"
            on:click=move |_| page.dispatch(Event::View(ViewEvent::ThemePicked(next())))
        >
            "Theme: "
            {move || match theme.get() {
                Theme::System => "auto",
                Theme::Light => "light",
                Theme::Dark => "dark",
            }}
        </button>
    }
}

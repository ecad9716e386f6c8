//! The second view as a whole.

use leptos::prelude::*;

use super::content::PaneContent;
use super::divider::PaneDivider;
use super::head::PaneHead;
use crate::render::Scheme;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// The divider, what chooses, and the view. Radio buttons of a form are a group of their own, so those of the first view keep theirs.
#[component]
pub fn PaneView(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    view! {
        <PaneDivider page />
        <section class="pane-beside" aria-label="Second view">
            <form on:submit=move |event| event.prevent_default()>
                <PaneHead page />
                <PaneContent page=page.second() scheme />
            </form>
        </section>
    }
}

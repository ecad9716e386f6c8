//! The small map of all heads in the rail.

use leptos::prelude::*;

use crate::render::Scheme;
use crate::ui::erased::{Derived, view};
use crate::ui::map::ModelMap;
use crate::ui::shell::page::Page;

/// The model view as a small map.
#[component]
pub fn SmallMap(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    view! {
        <section class="panel small-map" aria-label="All heads">
            <h2><span>"All heads"</span></h2>
            <ModelMap page scheme is_small=true />
        </section>
    }
}

//! The parts of the page's program that are fetched after it: the page does not wait for what it can be shown without.
//!
//! A part is a table of functions. `cargo xtask build` moves whatever only the table reaches out of the first program (feature
//! `split`, crate `wasm_split_helpers`); without that feature everything is one program, and a table is there at once. So these tables
//! alone decide where the program is divided: code that needs something of a part takes it from the table and never names it.
//!
//! [`views`] has the panels and dialogs that are opened or stand below the first view; it is fetched as soon as the page is up.
//! [`reader`] reads trace files, the first example among them; index.html fetches it beside the page.

mod embed_part;
mod missing;
pub mod reader;
pub mod views;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ui::erased::view;
use views::Views;

pub use embed_part::EmbedPart;
pub use missing::Missing;

/// Whether the views have been fetched.
#[derive(Clone, Copy)]
enum Coming {
    UnderWay,
    Here(&'static Views),
    Failed,
}

/// A handle to the views that are fetched after the page.
#[derive(Clone, Copy)]
pub struct Parts {
    views: RwSignal<Coming>,
}

impl Parts {
    /// Fetches the views.
    pub fn fetch() -> Self {
        let parts = Self { views: RwSignal::new(Coming::UnderWay) };
        parts.fetch_again();
        parts
    }

    fn fetch_again(self) {
        self.views.set(Coming::UnderWay);
        spawn_local(async move {
            let outcome = views::views().await.map_or(Coming::Failed, Coming::Here);
            // The page may have gone meanwhile.
            self.views.try_set(outcome);
        });
    }

    /// Makes a view once the views are here, and nothing before.
    pub fn later(self, make: impl Fn(&'static Views) -> AnyView + Send + Sync + 'static) -> AnyView {
        self.shown(false, Box::new(make))
    }

    /// Makes a view that somebody has asked for: until the views are here, a word stands in its place.
    pub fn awaited(self, make: impl Fn(&'static Views) -> AnyView + Send + Sync + 'static) -> AnyView {
        self.shown(true, Box::new(make))
    }

    /// The views, once they are here; follows their coming.
    pub fn here(self) -> Option<&'static Views> {
        match self.views.get() {
            Coming::Here(views) => Some(views),
            _ => None,
        }
    }

    fn shown(self, has_word: bool, make: Box<dyn Fn(&'static Views) -> AnyView + Send + Sync>) -> AnyView {
        let made = move || match self.views.get() {
            Coming::Here(views) => make(views),
            Coming::UnderWay if has_word => view! { <p class="note">"Loading\u{200a}…"</p> },
            Coming::Failed if has_word => view! { <p class="note">"This part could not be loaded. "{self.again()}</p> },
            _ => ().into_any(),
        };
        made.into_any()
    }

    fn again(self) -> AnyView {
        view! { <button type="button" class="link" on:click=move |_| self.fetch_again()>"Try again"</button> }
    }
}

//! The parts of the page's program that come after it: what is not needed to show the page is not waited for.
//!
//! A part is a table of functions. `cargo xtask build` takes what only a table leads to out of the program (feature `split`,
//! crate `wasm_split_helpers`); without that feature it is all one program and a table is there at once. So where the program
//! is parted is decided here alone: whoever needs something of a part takes it from its table, and nobody else may name it.
//!
//! [`views`] are what is opened, or stands below what is looked at first: fetched as soon as the page is up. [`reader`] reads
//! trace files, the example among them: index.html has it fetched beside the page.

pub mod reader;
pub mod views;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ui::erased::view;
use views::Views;

/// Where the views stand.
#[derive(Clone, Copy)]
enum Coming {
    UnderWay,
    Here(&'static Views),
    Failed,
}

/// The views that come later: a handle, to be asked where one of them belongs.
#[derive(Clone, Copy)]
pub struct Parts {
    views: RwSignal<Coming>,
}

impl Parts {
    /// Has them fetched.
    pub fn fetch() -> Self {
        let parts = Self { views: RwSignal::new(Coming::UnderWay) };
        parts.fetch_again();
        parts
    }

    fn fetch_again(self) {
        self.views.set(Coming::UnderWay);
        spawn_local(async move {
            let came = views::views().await.map_or(Coming::Failed, Coming::Here);
            // The page may be gone meanwhile.
            self.views.try_set(came);
        });
    }

    /// What is made of the views, once they are here.
    pub fn later(self, make: impl Fn(&'static Views) -> AnyView + Send + Sync + 'static) -> AnyView {
        self.shown(false, Box::new(make))
    }

    /// The same, with a word in its place where it is not here yet or did not come: for what somebody has asked for.
    pub fn awaited(self, make: impl Fn(&'static Views) -> AnyView + Send + Sync + 'static) -> AnyView {
        self.shown(true, Box::new(make))
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

/// Says so where the views did not come, and has them fetched again.
#[component]
pub fn Missing(parts: Parts) -> impl IntoView {
    move || {
        matches!(parts.views.get(), Coming::Failed).then(|| {
            view! {
                <p class="note problem" role="alert">
                    "Panels, dialogs and the neuron view could not be loaded. Check the connection, or reload the page. "
                    {parts.again()}
                </p>
            }
        })
    }
}

/// The page in a frame of another page, which is a part as a whole.
#[component]
pub fn EmbedPart() -> impl IntoView {
    Parts::fetch().awaited(|views| (views.embed)())
}

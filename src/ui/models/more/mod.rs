//! Models that are not beside the page: a dialog to look one up on the Hugging Face Hub, or to open one from disk.

mod disk;
mod hub;
mod outcome;

use leptos::html::Dialog;
use leptos::prelude::*;

use crate::state::more_models::Lookup;
use crate::state::{Event, MoreEvent};
use crate::ui::erased::{Show, effect, view};
use crate::ui::shell::page::Page;
use disk::FromDisk;
use hub::{FromHub, Suggestions};
pub use outcome::Outcome;

/// The button below the model's name, and the dialog it opens.
#[component]
pub fn MoreModels(page: Page) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let is_open = page.memo(|state| state.more.is_open);
    effect(move || {
        let is_open = is_open.get();
        let Some(dialog) = dialog.get() else { return };
        match (is_open, dialog.open()) {
            // A dialog that is not in the document cannot be shown, and then nobody sees it anyway.
            (true, false) => _ = dialog.show_modal(),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let show = move |is_open: bool| page.dispatch(Event::More(MoreEvent::Shown(is_open)));
    view! {
        <button type="button" class="link more" aria-haspopup="dialog" on:click=move |_| show(true)>
            "More models …"
        </button>
        <dialog node_ref=dialog class="more-models" aria-labelledby="more-models-title" on:close=move |_| show(false)>
            <div class="dialog-head">
                <h2 id="more-models-title">"More models"</h2>
                <button type="button" class="link" on:click=move |_| show(false)>"Close"</button>
            </div>
            {page.parts().awaited(move |views| (views.more_models)(page))}
        </dialog>
    }
}

/// What the dialog holds, open or not: what is dropped on the page is taken here.
#[component]
pub fn Ways(page: Page) -> impl IntoView {
    let has_outcome = page.memo(|state| state.more.lookup != Lookup::None);
    view! {
        <div class="ways">
            <FromHub page />
            <FromDisk page />
        </div>
        <Layers page />
        <Show when=move || has_outcome.get() fallback=move || view! { <Suggestions page /> }>
            <Outcome page />
        </Show>
    }
}

/// How much of a model, where it is too large to be held whole.
#[component]
fn Layers(page: Page) -> impl IntoView {
    let layers = page.memo(|state| state.more.layers.clone());
    view! {
        <div class="layers-wanted">
            <label for="more-layers">"Only the first layers"</label>
            <input
                id="more-layers"
                type="number"
                min="1"
                step="1"
                placeholder="all"
                aria-describedby="more-layers-note"
                prop:value=move || layers.get()
                on:input:target=move |event| {
                    page.dispatch(Event::More(MoreEvent::LayersTyped(event.target().value())));
                }
            />
            <span class="hint" id="more-layers-note">
                "For a model too large to be held whole: attention is what it is in the whole model, nothing is predicted."
            </span>
        </div>
    }
}

//! The button "More models" and its dialog.

use leptos::html::Dialog;
use leptos::prelude::*;

use crate::state::{Event, MoreEvent};
use crate::ui::erased::{effect, view};
use crate::ui::shell::page::Page;

/// The button beside the model's name, and the dialog it opens.
#[component]
pub fn MoreModels(page: Page) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let is_open = page.memo(|state| state.more.is_open);
    effect(move || {
        let is_open = is_open.get();
        let Some(dialog) = dialog.get() else { return };
        match (is_open, dialog.open()) {
            // `show_modal` fails only on a dialog outside the document, which nobody sees.
            (true, false) => _ = dialog.show_modal(),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let show = move |is_open: bool| page.dispatch(Event::More(MoreEvent::Shown(is_open)));
    view! {
        <button
            type="button"
            class="quiet icon more"
            aria-label="More models"
            title="More models: from the Hugging Face Hub or from disk"
            aria-haspopup="dialog"
            on:click=move |_| show(true)
        >
            "…"
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

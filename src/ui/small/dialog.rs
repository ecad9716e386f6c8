//! A dialog over the page: the browser keeps the focus inside, Escape closes it, and the focus goes back to where it was.

use leptos::html;
use leptos::prelude::*;

use crate::ui::erased::{effect, view};

/// Open as long as `is_open` is set; its contents exist only while it is open.
#[component]
pub fn Dialog(
    is_open: RwSignal<bool>,
    /// Its heading, and its name.
    name: &'static str,
    /// Its id within the page, unique.
    id: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    follow(node, is_open);
    let heading = format!("{id}-heading");
    let named_by = heading.clone();
    view! {
        <dialog
            class="dialog"
            id=id
            node_ref=node
            aria-labelledby=named_by
            on:close=move |_| is_open.set(false)
        >
            <div class="dialog-head">
                <h2 id=heading>{name}</h2>
                <button type="button" class="quiet" on:click=move |_| is_open.set(false)>"Close"</button>
            </div>
            {move || is_open.get().then(|| children())}
        </dialog>
    }
}

/// Shows a dialog over the page while `is_open` is set, and closes it otherwise.
pub fn follow(node: NodeRef<html::Dialog>, is_open: RwSignal<bool>) {
    effect(move || {
        let Some(dialog) = node.get() else { return };
        match (is_open.get(), dialog.open()) {
            // An element that is not in the document cannot be shown: it will be asked again.
            (true, false) => _ = dialog.show_modal(),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
}

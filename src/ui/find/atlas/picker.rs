//! Picks an atlas file from this device.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::open::open_picked;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A picker of one file.
#[component]
pub fn AtlasPicker(page: Page, label: &'static str, is_beside: bool) -> impl IntoView {
    let picker = NodeRef::<Input>::new();
    let pick = move |_| {
        let Some(picker) = picker.get_untracked() else { return };
        if let Some(file) = picker.files().and_then(|files| files.get(0)) {
            spawn_local(open_picked(page, file, is_beside));
        }
        // The same file can be picked again.
        picker.set_value("");
    };
    view! {
        <label>
            {label}
            <input type="file" accept=".safetensors" node_ref=picker on:change=pick />
        </label>
    }
}

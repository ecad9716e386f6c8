//! Opens a file that is dropped anywhere on the page.

use leptos::ev;
use leptos::prelude::*;
use web_sys::{DataTransfer, DragEvent, File};

use crate::platform::picked::SET_ENDINGS;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Says where to drop while a file is over the page.
#[component]
pub fn DropZone(page: Page) -> impl IntoView {
    let is_over = RwSignal::new(false);
    let takes_models = page.peek(|state| state.home.is_page());
    let over = window_event_listener(ev::dragover, move |event: DragEvent| {
        if event.data_transfer().as_ref().is_some_and(has_files) {
            // Otherwise the browser would navigate to the file.
            event.prevent_default();
            if !is_over.get_untracked() {
                is_over.set(true);
            }
        }
    });
    let leave = window_event_listener(ev::dragleave, move |event: DragEvent| {
        // Moving between elements also fires `dragleave`, but then names the element that is entered.
        if event.related_target().is_none() {
            is_over.set(false);
        }
    });
    let drop = window_event_listener(ev::drop, move |event: DragEvent| {
        let Some(data) = event.data_transfer().filter(has_files) else { return };
        is_over.set(false);
        // One safetensors file is a trace or an atlas of heads, one table a set of texts. A folder, several files or a GGUF file are a
        // model, which `models::more` takes.
        let n_files = data.files().map_or(0, |files| files.length());
        let first = data.files().and_then(|files| files.get(0));
        let ends = |file: &File, ending: &str| n_files == 1 && file.name().to_ascii_lowercase().ends_with(ending);
        let is_one_trace = |file: &File| ends(file, ".safetensors");
        let set = first.clone().filter(|file| takes_models && SET_ENDINGS.iter().any(|ending| ends(file, ending)));
        // A page without models opens every file, since the reader's message says what is wrong with it.
        let opened = first.filter(|file| !takes_models || is_one_trace(file));
        if !takes_models || opened.is_some() || set.is_some() {
            event.prevent_default();
        }
        if let Some(file) = opened {
            page.open_file(file);
        }
        if let Some(file) = set {
            page.read_set(file);
        }
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        drop.remove();
    });
    view! {
        <div class="drop-zone" class:none=move || !is_over.get() aria-hidden="true">
            <p>{if takes_models { "Drop a trace, an atlas, a model or a set of texts to open it" } else { "Drop a trace to open it" }}</p>
        </div>
    }
}

fn has_files(data: &DataTransfer) -> bool {
    data.types().iter().any(|kind| kind.as_string().is_some_and(|kind| kind == "Files"))
}

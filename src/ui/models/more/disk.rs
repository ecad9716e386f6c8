//! Opens a model from a folder or files on disk.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::platform::picked::{Picked, on_drop};
use crate::ui::erased::{effect, view};
use crate::ui::shell::page::Page;

/// "Folder", "Files", and dropping either anywhere on the page.
#[component]
pub fn FromDisk(page: Page) -> impl IntoView {
    let folder = NodeRef::<Input>::new();
    effect(move || {
        if let Some(folder) = folder.get() {
            // Setting an attribute cannot fail.
            let _ = folder.set_attribute("webkitdirectory", "");
        }
    });
    let listeners = on_drop(move |dropped| spawn_local(async move { page.take_files(dropped.read().await) }));
    let listeners = StoredValue::new_local(listeners);
    on_cleanup(move || listeners.dispose());
    view! {
        <section aria-labelledby="from-disk">
            <h3 id="from-disk">"From disk"</h3>
            <p>
                "config.json with *.safetensors and a tokenizer (tokenizer.json, or older files such as vocab.txt, merges.txt, *.spm), or a \
                *.gguf file. Pick them here, or drop them anywhere on this page."
            </p>
            <div class="pick">
                <label class="file-button">
                    <input
                        node_ref=folder
                        type="file"
                        on:change:target=move |event| page.take_files(Picked::of_input(&event.target()))
                    />
                    <span>"Folder …"</span>
                </label>
                <label class="file-button">
                    <input
                        type="file"
                        multiple
                        on:change:target=move |event| page.take_files(Picked::of_input(&event.target()))
                    />
                    <span>"Files …"</span>
                </label>
            </div>
            <p class="hint">"Nothing leaves this machine: the files are read in place."</p>
        </section>
    }
}

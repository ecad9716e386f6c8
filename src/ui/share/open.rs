//! Opening a trace: a file from this device, or one under a URL.

use leptos::html::Input;
use leptos::prelude::*;

use crate::state::{Event, Home, TraceEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::address_field::AddressField;

/// The dialog's content; `url` is what is typed there, which outlives it.
#[component]
pub fn OpenTrace(page: Page, is_open: RwSignal<bool>, url: RwSignal<String>) -> impl IntoView {
    let picker = NodeRef::<Input>::new();
    // A saved page promises to need no network.
    let has_network = page.peek(|state| state.home != Home::File);
    let pick = move |_| {
        let file = picker.get_untracked().and_then(|picker| picker.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            is_open.set(false);
            page.open_file(file);
        }
    };
    let fetch = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let wanted = url.with_untracked(|url| url.trim().to_owned());
        if !wanted.is_empty() {
            is_open.set(false);
            page.dispatch(Event::Trace(TraceEvent::UrlAsked(wanted)));
        }
    };
    view! {
        <p class="note">
            "A trace is a safetensors file with the attention of one run of any model, saved by this page, by the command \
            line or from Python. A file stays on this device. You can also drop one anywhere on the page."
        </p>
        <div class="field">
            <label for="trace-file">"Trace file"</label>
            <input id="trace-file" type="file" accept=".safetensors" node_ref=picker on:change=pick />
        </div>
        {has_network.then(|| view! {
            <form class="field" on:submit=fetch>
                <label for="trace-url">"URL of a trace"</label>
                <div class="beside-field">
                    <AddressField
                        id="trace-url"
                        placeholder="https://…/trace.safetensors".to_owned()
                        value=url.into()
                        on_typed=move |text| url.set(text)
                    />
                    <button type="submit" prop:disabled=move || url.with(|url| url.trim().is_empty())>"Open"</button>
                </div>
                <p class="note">"Only the parts that you look at are fetched, so a large file opens at once."</p>
            </form>
        })}
    }
}

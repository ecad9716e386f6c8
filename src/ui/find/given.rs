//! Sets that are pasted, typed or picked.

use leptos::html::Input;
use leptos::prelude::*;

use super::send;
use crate::state::FindEvent;
use crate::state::find::Format;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::select_field::{SelectField, same_name};

/// A field for a table, its form, and a picker of files.
#[component]
pub fn GivenSet(page: Page) -> impl IntoView {
    let typed = page.memo(|state| state.find.typed.clone());
    let format = page.memo(|state| state.find.format);
    let picker = NodeRef::<Input>::new();
    let formats = Signal::stored(Format::EACH.map(|format| same_name(format.label())).to_vec());
    let pick_format = move |label: String| {
        let picked = Format::EACH.into_iter().find(|format| format.label() == label);
        send(page, FindEvent::FormatPicked(picked.unwrap_or_default()));
    };
    let pick_file = move |_| {
        let Some(picker) = picker.get_untracked() else { return };
        if let Some(file) = picker.files().and_then(|files| files.get(0)) {
            page.read_set(file);
        }
        // The same file can be picked again.
        picker.set_value("");
    };
    view! {
        <details class="find-given">
            <summary>"Your own set: paste a table, or open a file"</summary>
            <p class="hint">
                "CSV, TSV, JSON Lines, JSON or a text a line; cells copied from a spreadsheet work. Columns are known by their names: text, \
                text_pair, answer, others, label, pair_id, version (a or b), marks. WinoBias, Winogender, CrowS-Pairs, StereoSet, BLiMP, \
                MRPC, PAWS, STS-B and GLUE’s files are known by theirs. A file can also be dropped anywhere on the page. Nothing leaves \
                this device."
            </p>
            <form on:submit=move |event| {
                event.prevent_default();
                send(page, FindEvent::ReadAsked);
            }>
                <label>
                    "Rows of the set"
                    <textarea
                        rows="5"
                        spellcheck="false"
                        prop:value=move || typed.get()
                        on:input:target=move |event| send(page, FindEvent::Typed(event.target().value()))
                    ></textarea>
                </label>
                <div class="find-fields">
                    <SelectField
                        label="Form"
                        options=formats
                        picked=Signal::derive(move || format.get().label().to_owned())
                        pick=pick_format
                    />
                    <button type="submit" class="action" prop:disabled=move || typed.with(|typed| typed.trim().is_empty())>
                        "Read rows"
                    </button>
                    <label>
                        "Or a file"
                        <input type="file" accept=".csv,.tsv,.tab,.jsonl,.ndjson,.json,.txt" node_ref=picker on:change=pick_file />
                    </label>
                </div>
            </form>
        </details>
    }
}

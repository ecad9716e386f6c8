//! The atlases on the workbench: how one is made, pickers of files, what is shown, each atlas.

use leptos::prelude::*;

use super::making::AtlasMaking;
use super::panels::AtlasPanels;
use super::picker::AtlasPicker;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// Makes and opens atlases, and shows up to two of them beside each other.
#[component]
pub fn AtlasSection(page: Page) -> impl IntoView {
    let n_open = page.memo(|state| state.find.atlas.open.len());
    view! {
        <section class="find-part atlas" aria-label="Atlas of heads">
            <h2>"Atlas of heads"</h2>
            <p class="hint">
                "Every score of every head over a corpus, with example texts. The corpus is the set above, a text a row, or texts that come \
                with the page. An atlas is also a file, which the command “headlight atlas” writes too: drop it anywhere on the page, or \
                choose it here; it is shown without the model. Nothing leaves this device."
            </p>
            <AtlasMaking page />
            <div class="find-fields">
                <AtlasPicker page label="Atlas file" is_beside=false />
                <Show when=move || n_open.get() != 0>
                    <AtlasPicker page label="Another one beside it" is_beside=true />
                </Show>
            </div>
            <AtlasPanels page />
        </section>
    }
}

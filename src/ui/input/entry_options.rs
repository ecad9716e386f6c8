//! What opens under the input: the kind of input, how its text is cut, and the examples.

use leptos::prelude::*;

use super::bos_choice::BosChoice;
use super::entry_kind::EntryKindChoice;
use super::examples::Examples;
use super::typed_tokens::TypedTokens;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The options of the input.
#[component]
pub fn EntryOptions(page: Page) -> impl IntoView {
    view! {
        <div class="entry-line">
            <EntryKindChoice page />
            <BosChoice page />
            <TypedTokens page />
        </div>
        <Examples page />
    }
}

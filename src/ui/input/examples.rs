//! The examples on offer.

use leptos::prelude::*;

use super::example_card::ExampleCard;
use crate::gallery::EXAMPLES;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::shell::theme::scheme;

/// A card for each example; a click runs it.
#[component]
pub fn Examples(page: Page) -> impl IntoView {
    let scheme = scheme(page);
    let card = move |index| view! { <ExampleCard page index scheme /> };
    view! {
        <div class="examples" role="group" aria-label="Examples">{(0..EXAMPLES.len()).map(card).collect_view()}</div>
    }
}

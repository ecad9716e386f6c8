//! One cell's numbers below the table.

use leptos::prelude::*;

use super::model::Stream;
use super::numbers::words;
use crate::ui::erased::{Derived, view};

/// The words of the cell under the pointer, else of the one that the keyboard has reached, else of the chosen one.
#[component]
pub fn Readout(stream: Stream) -> impl IntoView {
    let text = Derived::new(move || {
        let (row, position) = stream.hovered.get().or(stream.reached.get()).or(stream.chosen.get())?;
        stream.content.track();
        Some(stream.page.peek(|state| words(state, row, position)))
    });
    view! {
        <p class="readout" aria-live="polite" class:idle=move || text.with(Option::is_none)>
            {move || text.get().unwrap_or_else(|| "Hover a cell for its numbers".to_owned())}
        </p>
    }
}

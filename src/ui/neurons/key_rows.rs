//! The key tokens as rows; only those in view.

use leptos::prelude::*;

use super::key_row::KeyRow;
use super::rows::{Rows, row_id};
use crate::trace::Side;
use crate::ui::erased::{Derived, keyed, view};

/// The key tokens, each with the steps from q·k to its weighted value.
#[component]
pub fn KeyRows(rows: Rows) -> impl IntoView {
    let Rows { neurons, window, reached, .. } = rows;
    let visible = Derived::new(move || {
        neurons.positions.with(|(_, keys)| {
            let looked = neurons.looked.get();
            let visible = window.get().visible_rows(keys.len());
            visible.map(|row| (looked, row, keys[row])).collect::<Vec<_>>()
        })
    });
    view! {
        <div
            class="key-rows"
            role="listbox"
            aria-label="Key tokens"
            tabindex="0"
            aria-activedescendant=move || {
                let (side, row) = reached.get();
                (side == Side::Key).then(|| neurons.page.id(&row_id(Side::Key, row)))
            }
            data-side="key"
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            {keyed(visible, move |(_, row, position)| view! { <KeyRow rows row position /> })}
        </div>
    }
}

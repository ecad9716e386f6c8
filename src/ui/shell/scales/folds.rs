//! The buttons at the ends of the view bar that fold rail and inspector away.

use leptos::prelude::*;

use crate::state::{Column, Event, LayoutChange, ViewEvent};
use crate::ui::erased::view;
use crate::ui::shell::floor::{Floor, RAIL};
use crate::ui::shell::inspector::INSPECTOR;

/// Folds a column away or unfolds it; in a narrow window it opens the rail's sheet, and the inspector needs no button.
#[component]
pub fn Fold(floor: Floor, column: Column) -> impl IntoView {
    let Floor { page, is_wide, has_sheet, can_rail, .. } = floor;
    let is_open = move || match column {
        Column::Rail => floor.has_rail(),
        Column::Inspector => floor.has_inspector(),
    };
    let is_needed = move || match column {
        Column::Rail => can_rail.get(),
        Column::Inspector => is_wide.get(),
    };
    let press = move |_| {
        let is_open = untrack(is_open);
        if is_wide.get_untracked() {
            page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::Unfolded(column, !is_open))));
        } else {
            has_sheet.set(!is_open);
        }
    };
    let (name, controls, class) = match column {
        Column::Rail => ("Overview", RAIL, "quiet icon fold of-rail"),
        Column::Inspector => ("Inspector", INSPECTOR, "quiet icon fold of-inspector"),
    };
    view! {
        <button
            type="button"
            class=class
            class:gone=move || !is_needed()
            aria-label=name
            aria-controls=controls
            aria-expanded=move || is_open().to_string()
            title=move || if is_open() { format!("Hide the {}", name.to_ascii_lowercase()) } else { format!("Show the {}", name.to_ascii_lowercase()) }
            on:click=press
        >
            <span class="fold-icon" aria-hidden="true"></span>
        </button>
    }
}

//! The set that is chosen: what it is, and what was said of it.

use leptos::prelude::*;

use super::chosen_set;
use super::rows::RowTable;
use super::save::save_lines;
use crate::sets::Refused;
use crate::state::wording::count;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// Records that do not fit are listed up to this many.
const MAX_REFUSED: usize = 50;

/// Name, size, notes, records that do not fit, and the rows as the model reads them.
#[component]
pub fn ChosenSet(page: Page) -> impl IntoView {
    let set = chosen_set(page);
    let title = move || {
        set.get().map(|set| format!("{}: {}, recognised as {}", set.name, count(set.rows.len(), "row"), set.form))
    };
    let notes = move || set.get().map(|set| set.notes.clone()).unwrap_or_default();
    let refused = move || set.get().map(|set| set.refused.clone()).unwrap_or_default();
    let line = |refused: Refused| view! { <li>{format!("Line {}: {}.", refused.line, refused.reason)}</li> };
    let problem = RwSignal::new(None::<String>);
    view! {
        <div class="find-set">
            <p role="status" aria-label="Chosen set">{title}</p>
            {move || notes().into_iter().map(|note| view! { <p class="hint">{note}</p> }).collect_view()}
            {move || {
                let refused = refused();
                let n = refused.len();
                let is_short = n <= 5;
                (n > 0).then(|| view! {
                    <details open=is_short>
                        <summary>{format!("{} left out", count(n, "record"))}</summary>
                        <ul class="plain-list">{refused.into_iter().take(MAX_REFUSED).map(line).collect_view()}</ul>
                        {(n > MAX_REFUSED).then(|| view! { <p class="hint">{format!("and {} more", n - MAX_REFUSED)}</p> })}
                    </details>
                })
            }}
            <RowTable page />
            <p>
                <button
                    type="button"
                    class="link"
                    on:click=move |_| problem.set(set.get_untracked().and_then(|set| save_lines(&set).err()))
                >
                    "Save as JSON Lines"
                </button>
            </p>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
        </div>
    }
}

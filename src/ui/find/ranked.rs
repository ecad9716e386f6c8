//! Heads by what was found of them.

use leptos::prelude::*;

use super::send;
use crate::analysis::statistics::HeadFound;
use crate::state::find::Search;
use crate::state::find::words::{half_life_words, interval, number};
use crate::state::{FindEvent, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// So many heads are listed.
const N_LISTED: usize = 20;

/// A row of the table.
type Listed = (usize, String, HeadFound, Option<String>);

/// The heads farthest from the value that says nothing, with interval and corrected p; of decay the half-life.
#[component]
pub fn RankedHeads(page: Page) -> impl IntoView {
    let search = page.memo(|state| state.find.search.clone());
    let listed = Derived::new(move || search.get().map(|search| listed(&search)).unwrap_or_default());
    let chosen = page.memo(|state| state.find.head);
    let has_half_life = move || listed.with(|listed| listed.iter().any(|(.., half_life)| half_life.is_some()));
    let row = move |(head, name, HeadFound { estimate, p }, half_life): Listed| {
        view! {
            <tr class:chosen=move || chosen.get() == Some(head)>
                <th scope="row">
                    <button type="button" class="link" on:click=move |_| send(page, FindEvent::HeadPicked(head))>{name}</button>
                </th>
                <td class="number-cell">{number(estimate.value)}</td>
                <td class="number-cell">{interval(estimate.interval)}</td>
                <td class="number-cell">{p.map_or_else(|| "–".to_owned(), |p| number(p.p_corrected))}</td>
                <td class="number-cell">{estimate.n}</td>
                {half_life.map(|half_life| view! { <td class="number-cell">{half_life}</td> })}
            </tr>
        }
    };
    view! {
        <div class="find-ranked">
            <table class="find-table" aria-label="Heads by size">
                <thead><tr>
                    <th scope="col">"Head"</th>
                    <th scope="col">"Value"</th>
                    <th scope="col">"95 %"</th>
                    <th scope="col">"p corrected"</th>
                    <th scope="col">"n"</th>
                    {move || has_half_life().then(|| view! { <th scope="col">"Half-life, tokens"</th> })}
                </tr></thead>
                <tbody>{move || listed.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn listed(search: &Search) -> Vec<Listed> {
    let is_decay = search.form.is_decay();
    let row = |(head, found): (usize, HeadFound)| {
        let (layer, index) = search.place(head);
        let half_life = is_decay.then(|| half_life_words(found.estimate.value));
        (head, wording::head_name(layer, index), found, half_life)
    };
    search.ranked().into_iter().take(N_LISTED).map(row).collect()
}

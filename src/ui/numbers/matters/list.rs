//! A list of parts with their estimates and exact effects, which scrolls inside.

use leptos::prelude::*;

use super::open::open;
use crate::state::matters::ListedPart;
use crate::state::wording;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The list; a name opens its part.
pub fn list(page: Page, label: &'static str, parts: &[ListedPart]) -> AnyView {
    let sizes = parts.iter().flat_map(|part| [Some(part.estimate), part.exact]).flatten();
    let end = sizes.map(f32::abs).fold(f32::MIN_POSITIVE, f32::max);
    let has_exact = parts.iter().any(|part| part.exact.is_some());
    let row = |listed: &ListedPart| {
        let ListedPart { part, name, estimate, exact } = listed.clone();
        let share = 50.0 * (estimate.abs() / end).min(1.0);
        let left = if estimate < 0.0 { 50.0 - share } else { 50.0 };
        view! {
            <tr>
                <th scope="row">
                    <button type="button" class="link" title="Show this part" on:click=move |_| open(page, part)>
                        <bdi>{name}</bdi>
                    </button>
                </th>
                <td class="signed-bar" aria-hidden="true">
                    <span class:less=estimate < 0.0 style:left=format!("{left:.2}%") style:width=format!("{share:.2}%")></span>
                </td>
                <td class="number">{wording::short_change(estimate)}</td>
                {has_exact.then(|| view! { <td class="number">{exact.map(wording::short_change)}</td> })}
            </tr>
        }
    };
    view! {
        <div class="matters-list" tabindex="0" role="region" aria-label=label>
            <table class="direct-sum" aria-label=label>
                <thead>
                    <tr>
                        <th scope="col">"Part"</th>
                        <td></td>
                        <th scope="col">"estimate"</th>
                        {has_exact.then(|| view! { <th scope="col">"exact"</th> })}
                    </tr>
                </thead>
                <tbody>{parts.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

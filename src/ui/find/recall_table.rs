//! Recall by groups of rows.

use leptos::prelude::*;

use super::trials;
use crate::analysis::statistics::Recall;
use crate::state::find::Grouping;
use crate::state::find::words::number;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// Shares with their intervals, before and after the edits; all rows at the end.
#[component]
pub fn RecallTable(page: Page, grouping: Grouping, is_of_all_tokens: RwSignal<bool>) -> impl IntoView {
    let trials = trials(page, false);
    let rows = Derived::new(move || {
        let found = trials.get().map(|trials| trials.recall(grouping, is_of_all_tokens.get())).unwrap_or_default();
        let names = grouping.names().into_iter().chain(["all rows".to_owned()]);
        names.zip(found).filter_map(|(name, recall)| Some((name, recall?))).collect::<Vec<(String, Recall)>>()
    });
    let has_after = move || rows.with(|rows| rows.iter().any(|(_, recall)| recall.after.is_some()));
    let (label, first) = match grouping {
        Grouping::Distance => ("Recall by distance", "Words between"),
        Grouping::Depth => ("Recall by depth", "Depth"),
    };
    let row = |(name, recall): (String, Recall)| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="number-cell">{recall.n}</td>
                <td class="number-cell">{share(recall.before)}</td>
                {recall.after.map(|(value, interval, p)| view! {
                    <td class="number-cell">{share((value, interval))}</td>
                    <td class="number-cell">{number(p)}</td>
                })}
            </tr>
        }
    };
    view! {
        <div class="find-ranked">
            <table class="find-table" aria-label=label>
                <thead><tr>
                    <th scope="col">{first}</th>
                    <th scope="col">"Rows"</th>
                    <th scope="col">"Recall (95 %)"</th>
                    {move || has_after().then(|| view! {
                        <th scope="col">"With the edits (95 %)"</th>
                        <th scope="col">"p"</th>
                    })}
                </tr></thead>
                <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// "0.750 (0.531 to 0.888)".
fn share((value, (low, high)): (f64, (f64, f64))) -> String {
    format!("{value:.3} ({low:.3} to {high:.3})")
}

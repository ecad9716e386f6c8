//! What feeds the head: heads and MLPs below, through its query, its key and its value.

use leptos::prelude::*;

use crate::state::matters::{FeedNumbers, FeedRow};
use crate::state::{Event, MattersEvent, State, wording};
use crate::ui::erased::view;
use crate::ui::numbers::parts_table::parts_table;
use crate::ui::shell::page::Page;
use crate::ui::small::csv_button::CsvButton;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// How many are listed of each.
const N_LISTED: usize = 8;

/// The button, and a table each for query, key and value.
#[component]
pub fn HeadFeeds(page: Page) -> impl IntoView {
    let found = page.memo(|state| state.feeds().cloned().map(Same));
    let obstacle = page.memo(|state| state.feeds_problem().map(str::to_owned));
    let failure = page.memo(|state| state.matters.feeds.problem().map(str::to_owned));
    let is_pending = page.memo(|state| state.matters.feeds.is_pending());
    let shared = page.memo(|state| {
        let spec = state.shown.as_ref()?.stack_spec();
        let n_group = spec.n_heads / spec.n_key_value_heads.max(1);
        let first = state.selection.head() / n_group.max(1) * n_group;
        (n_group > 1)
            .then(|| format!(" Keys and values are those that heads {first} to {} share.", first + n_group - 1))
    });
    view! {
        <section class="head-feeds" aria-label="What feeds this head">
            <h3>"What feeds this head"</h3>
            <div class="sweep-start">
                <button
                    type="button"
                    class="add"
                    prop:disabled=move || is_pending.get() || obstacle.with(Option::is_some)
                    on:click=move |_| page.dispatch(Event::Matters(MattersEvent::FeedsAsked))
                >
                    "Trace its inputs"
                </button>
                <span class="label" role="status" aria-label="What feeds it">
                    {move || obstacle.get().or(is_pending.get().then(|| "Working through the layers below …".to_owned()))}
                </span>
            </div>
            {move || failure.get().map(|message| view! { <Problem message /> })}
            {move || found.get().map(|found| view! {
                {tables(&found.0)}
                <CsvButton name="feeds" table=Box::new(move || page.peek(State::feeds_csv)) />
                <p class="hint">
                    "Effect on the outcome of taking away what a head or MLP below wrote from what this head’s query, key or value reads, at \
                     every position, and from nothing else: by gradients, the largest of each exactly ("
                    <a href="https://arxiv.org/abs/2304.05969" target="_blank" rel="noopener noreferrer">"Goldowsky-Dill et al. 2023"</a>
                    ")."
                    {shared.get()}
                </p>
            })}
        </section>
    }
}

fn tables(found: &FeedNumbers) -> AnyView {
    let table = |(through, label): (usize, &'static str)| {
        let row = |row: &FeedRow| {
            let name =
                row.head.map_or_else(|| format!("L{} MLP", row.layer), |head| wording::head_name(row.layer, head));
            line(name, row.estimate, row.exact)
        };
        let rows = found.rows.iter().filter(|row| row.through == through).take(N_LISTED).map(row);
        let rest = line("Embeddings, biases".to_owned(), found.rest[through], None);
        let name = label.rsplit(' ').next().unwrap_or_default();
        parts_table(label, [name, "estimate", "exact"], rows.chain([rest]))
    };
    let all = [(0, "What feeds the query"), (1, "What feeds the key"), (2, "What feeds the value")];
    all.into_iter().map(table).collect_view().into_any()
}

fn line(name: String, estimate: f32, exact: Option<f32>) -> AnyView {
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="number">{wording::short_change(estimate)}</td>
            <td class="number">{exact.map(wording::short_change)}</td>
        </tr>
    }
}

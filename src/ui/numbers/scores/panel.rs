//! Every head of the model as a row: what it does, by a chosen score, or how much it reads between chosen tokens.

use leptos::prelude::*;

use super::head_row::HeadRow;
use super::heading::Heading;
use super::picker::RankingPicker;
use super::ranking::{Column, Ranking, Row, longest_bar, order, rows};
use super::seeds::Seeds;
use super::waiting::Waiting;
use crate::render::HeadColours;
use crate::state::{RUNS_MODELS, Variant};
use crate::ui::erased::{Derived, view};
use crate::ui::numbers::caution::Caution;
use crate::ui::shell::page::Page;

/// Rows shown at first.
const N_ROWS: usize = 12;

/// A table of heads with small bars; a row shows its head.
#[component]
pub fn ScoresPanel(page: Page, colours: Derived<HeadColours>, ranking: RwSignal<Ranking>) -> impl IntoView {
    let sorted_by = RwSignal::new((Column::All, true));
    let shows_all = RwSignal::new(false);
    let is_difference = page.memo(|state| state.editing.variant == Variant::Difference);
    let has_spread = page.memo(|state| state.scores.shown_deviation().is_some());
    let rows = Derived::new(move || {
        let (ranking, (column, is_descending)) = (ranking.get(), sorted_by.get());
        let mut rows = page.with(|state| rows(state, ranking));
        let by = ranking.rank_by(is_difference.get());
        rows.sort_by(|one, other| order(one, other, column, is_descending, by));
        rows
    });
    let n_rows = Derived::new(move || rows.with(Vec::len));
    let end = Derived::new(move || rows.with(|rows| longest_bar(rows, ranking.get())));
    let selected = page.memo(|state| {
        let selection = &state.selection;
        (selection.heads.len() == 1).then(|| (selection.layer, selection.head()))
    });
    let body = move || {
        let n_seen = if shows_all.get() { usize::MAX } else { N_ROWS };
        let ranking = ranking.get_untracked();
        let row = |row: &Row| {
            let row = *row;
            view! { <HeadRow page colours ranking row selected end /> }
        };
        rows.with(|rows| rows.iter().take(n_seen).map(row).collect_view())
    };
    view! {
        <section class="panel scores" aria-label="Head scores">
            <h2>
                <span>
                    {move || if is_difference.get() { "Change of a head score" } else { "Heads by score" }}
                </span>
            </h2>
            <RankingPicker page ranking />
            {RUNS_MODELS.then(|| view! { <Seeds page /> })}
            <table class:with-spread=move || has_spread.get()>
                <thead>
                    <tr>
                        <Heading column=Column::Head label="Head" title="In the order of the model" sorted_by />
                        <Heading
                            column=Column::All
                            label="all positions"
                            title="With every position of the input"
                            sorted_by
                        />
                        {move || (ranking.get() != Ranking::Link).then(|| view! {
                            <Heading
                                column=Column::Without
                                label="content tokens"
                                title="Without special tokens and the first position, where much attention rests"
                                sorted_by
                            />
                        })}
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
            <Waiting page n_rows />
            <button
                type="button"
                class="link"
                class:gone=move || n_rows.get() <= N_ROWS
                on:click=move |_| shows_all.update(|shows| *shows = !*shows)
            >
                {move || if shows_all.get() { "Fewer".to_owned() } else { format!("All {} heads", n_rows.get()) }}
            </button>
            <Caution />
        </section>
    }
}

//! Every head of the model as a row: what it does, by a score of one's choice, or how much it reads between chosen tokens.

use std::cmp::Ordering;

use leptos::prelude::*;

use super::caution::Caution;
use super::seeds::Seeds;
use crate::analysis::scores::Score;
use crate::render::HeadColours;
use crate::state::{EditSide, Event, RUNS_MODELS, ScaleEvent, State, TokenRef, wording};
use crate::trace::Side;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::head::head_squares::css;
use crate::ui::shell::page::Page;

/// Rows that are there at first.
const N_ROWS: usize = 12;

/// By what heads are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// The weight between the chosen tokens.
    Link,
    /// A score.
    Score(Score),
}

/// Which column sorts the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Head,
    All,
    Without,
}

/// One head.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    layer: usize,
    head: usize,
    all: Option<f32>,
    without: Option<f32>,
    /// Standard deviations of the two over several seeds.
    spread: [Option<f32>; 2],
}

/// A table of heads with small bars; a row shows its head.
#[component]
pub fn ScoresPanel(page: Page, colours: Derived<HeadColours>, ranking: RwSignal<Ranking>) -> impl IntoView {
    let sorted_by = RwSignal::new((Column::All, true));
    let shows_all = RwSignal::new(false);
    let has_spread = page.memo(|state| state.scores.shown_deviation().is_some());
    let rows = Derived::new(move || {
        let (ranking, (column, is_descending)) = (ranking.get(), sorted_by.get());
        let mut rows = page.with(|state| rows(state, ranking));
        rows.sort_by(|one, other| order(one, other, column, is_descending));
        rows
    });
    let n_rows = Derived::new(move || rows.with(Vec::len));
    let end = Derived::new(move || rows.with(|rows| longest_bar(rows, ranking.get())));
    let is_difference = page.memo(|state| state.editing.side == EditSide::Difference);
    let current = page.memo(|state| (state.selection.layer, state.selection.heads.clone()));
    let row = move |row: Row| {
        let Row { layer, head, all, without, spread } = row;
        let colour = move || css(colours.with(|colours| colours.line.get(head).copied().unwrap_or_default()));
        let is_current = move || current.with(|(at, heads)| *at == layer && heads.len() == 1 && heads.contains(&head));
        let name = wording::head_name(layer, head);
        let number = move |value: Option<f32>, spread: Option<f32>| {
            let width = move || format!("{:.1}%", bar(value, end.get()) * 100.0);
            view! {
                <td class="number">
                    <span class="weight-bar" style:width=width style:background-color=colour></span>
                    <span>
                        {value.map_or("–".to_owned(), if is_difference.get_untracked() { wording::short_change } else { wording::short_weight })}
                        {spread.map(|spread| view! { <span class="quiet">{format!(" ± {spread:.3}")}</span> })}
                    </span>
                </td>
            }
        };
        view! {
            <tr class:current=is_current>
                <td class="head-name">
                    <button
                        type="button"
                        class="link"
                        aria-pressed=move || is_current().to_string()
                        title="Show this head"
                        on:click=move |_| show_head(page, layer, head)
                    >
                        <span class="swatch" style:background-color=colour></span>
                        {name}
                    </button>
                </td>
                {number(all, spread[0])}
                {(ranking.get_untracked() != Ranking::Link).then(|| number(without, spread[1]))}
            </tr>
        }
    };
    let heading = move |column: Column, label: &'static str, title: &'static str| {
        let state = move || match sorted_by.get() {
            (sorted, is_descending) if sorted == column => {
                if is_descending {
                    "descending"
                } else {
                    "ascending"
                }
            }
            _ => "none",
        };
        let sign = move || match state() {
            "descending" => " ↓",
            "ascending" => " ↑",
            _ => "",
        };
        let sort = move |_| {
            sorted_by.update(|(sorted, is_descending)| {
                *is_descending = if *sorted == column { !*is_descending } else { column != Column::Head };
                *sorted = column;
            });
        };
        view! {
            <th scope="col" aria-sort=state>
                <button type="button" class="quiet" title=title on:click=sort>{label}<span aria-hidden="true">{sign}</span></button>
            </th>
        }
    };
    let body = move || {
        let n_seen = if shows_all.get() { usize::MAX } else { N_ROWS };
        rows.with(|rows| rows.iter().take(n_seen).map(|it| row(*it)).collect_view())
    };
    view! {
        <section class="panel scores" aria-label="Head scores">
            <h2>
                <span>
                    {move || if is_difference.get() { "B − A: which heads …" } else { "Which heads …" }}
                </span>
            </h2>
            <RankingPicker page ranking />
            {RUNS_MODELS.then(|| view! { <Seeds page /> })}
            <table class:with-spread=move || has_spread.get()>
                <thead>
                    <tr>
                        {heading(Column::Head, "Head", "In the order of the model")}
                        {heading(Column::All, "all positions", "With every position of the input")}
                        {move || (ranking.get() != Ranking::Link).then(|| {
                            heading(
                                Column::Without,
                                "without",
                                "Without special tokens and the first position, where much attention rests",
                            )
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

/// By what, what that means, and between which tokens.
#[component]
fn RankingPicker(page: Page, ranking: RwSignal<Ranking>) -> impl IntoView {
    let available = page.memo(|state| Score::ALL.map(|score| has_score(state, score)));
    let options = move || {
        let available = available.get();
        let one = |score: &Score| {
            let (score, index) = (*score, score.index());
            view! {
                <option value=index.to_string() prop:selected=move || ranking.get() == Ranking::Score(score)>
                    {score.name()}
                </option>
            }
        };
        Score::ALL.iter().filter(|score| available[score.index()]).map(one).collect_view()
    };
    let pick = move |value: String| {
        let score = value.parse().ok().and_then(|index: usize| Score::ALL.get(index).copied());
        ranking.set(score.map_or(Ranking::Link, Ranking::Score));
    };
    view! {
        <div class="field ranking">
            <label for="ranking" class="only-spoken">"Score"</label>
            <select id="ranking" on:change:target=move |event| pick(event.target().value())>
                <option value="link" prop:selected=move || ranking.get() == Ranking::Link>
                    "weight between two tokens"
                </option>
                {options}
            </select>
        </div>
        {move || match ranking.get() {
            Ranking::Score(score) => view! {
                <p class="hint explained">
                    {score.sentence()} <span class="score-formula">{score.formula()}</span>
                </p>
            },
            Ranking::Link => view! { <Ends page /> },
        }}
    }
}

/// The two tokens between which weights are ranked; the same ones as are kept in the view.
#[component]
fn Ends(page: Page) -> impl IntoView {
    let tokens = |side: Side| {
        page.memo(move |state| {
            let labels = state.shown.as_ref().map(|shown| shown.labels(side));
            labels
                .map(|labels| labels.iter().map(|label| label.plain.clone()).collect())
                .unwrap_or_else(Vec::<String>::new)
        })
    };
    let picker = move |side: Side, name: &'static str, id: &'static str| {
        let tokens = tokens(side);
        let picked = page.memo(move |state| {
            let positions = match side {
                Side::Query => &state.selection.queries,
                Side::Key => &state.selection.keys,
            };
            positions.iter().copied().collect::<Vec<_>>()
        });
        let pick = move |value: String| {
            for position in picked.get_untracked() {
                page.dispatch(Event::PinToggled(TokenRef { side, position }));
            }
            if let Ok(position) = value.parse() {
                page.dispatch(Event::PinToggled(TokenRef { side, position }));
            }
        };
        let options = move || {
            let one = |(position, token): (usize, String)| {
                view! {
                    <option value=position.to_string() prop:selected=move || picked.get() == [position]>
                        {format!("{token}  {position}")}
                    </option>
                }
            };
            tokens.get().into_iter().enumerate().map(one).collect_view()
        };
        view! {
            <div class="field">
                <label for=id>{name}</label>
                <select id=id on:change:target=move |event| pick(event.target().value())>
                    <option value="" prop:selected=move || picked.with(Vec::is_empty)>"choose …"</option>
                    <option value="several" disabled=true prop:selected=move || picked.with(|it| it.len() > 1)>
                        "several"
                    </option>
                    {options}
                </select>
            </div>
        }
    };
    view! {
        <div class="ends">
            {picker(Side::Query, "read from query", "link-query")}
            {picker(Side::Key, "to key", "link-key")}
        </div>
        <p class="hint explained">
            "How much each head of the model reads from the query to the key. Several tokens kept in the view count \
            together: keys are summed, queries averaged."
        </p>
    }
}

/// Why the table is empty, and what can be done.
#[component]
fn Waiting(page: Page, n_rows: Derived<usize>) -> impl IntoView {
    let state = page.memo(|state| {
        let can_ask = state.shown.is_some() && state.scores.table.is_none() && !state.scores.is_under_way();
        (can_ask, state.scores.is_under_way(), state.scores.problem.clone())
    });
    view! {
        <Show when=move || n_rows.get() == 0>
            <p class="hint" role="status">
                {move || match state.get() {
                    (_, true, _) => view! { "Scoring every head …" },
                    (_, _, Some(problem)) => view! { <span class="problem">{problem}</span> },
                    (true, ..) => view! {
                        <button type="button" class="link" on:click=move |_| page.dispatch(Event::ScoresAsked)>
                            "Score every head"
                        </button>
                        " (on a long text this takes a while)"
                    },
                    _ => ().into_any(),
                }}
            </p>
        </Show>
    }
}

/// Shows one head alone.
fn show_head(page: Page, layer: usize, head: usize) {
    page.dispatch(Event::Scale(ScaleEvent::HeadPicked { layer, head }));
}

fn has_score(state: &State, score: Score) -> bool {
    let table = state.scores.shown().unwrap_or_default();
    table.chunks_exact(Score::ALL.len()).any(|row| !row[score.index()].is_nan())
}

fn rows(state: &State, ranking: Ranking) -> Vec<Row> {
    let Some(shown) = &state.shown else { return Vec::new() };
    let (n_layers, n_heads) = (shown.stack_spec().n_layers, shown.stack_spec().n_heads);
    let heads = (0..n_layers * n_heads).map(|index| (index, index / n_heads.max(1), index % n_heads.max(1)));
    match ranking {
        Ranking::Link => {
            let Some(link) = &state.scores.link else { return Vec::new() };
            let row = |(index, layer, head): (usize, usize, usize)| {
                let all = Some(*link.weights.get(index)?);
                Some(Row { layer, head, all, without: None, spread: [None; 2] })
            };
            heads.filter_map(row).collect()
        }
        Ranking::Score(score) => {
            let Some(table) = state.scores.shown() else { return Vec::new() };
            let deviation = state.scores.shown_deviation();
            let of = |table: &[f32], index: usize| {
                table.get(index * Score::ALL.len() + score.index()).copied().filter(|value| !value.is_nan())
            };
            let value = |index: usize| of(table, index);
            let spread = |index: usize| of(deviation?, index);
            heads
                .map(|(index, layer, head)| Row {
                    layer,
                    head,
                    all: value(index),
                    without: value(n_layers * n_heads + index),
                    spread: [spread(index), spread(n_layers * n_heads + index)],
                })
                .collect()
        }
    }
}

/// Heads without a value come last, whatever the direction.
fn order(one: &Row, other: &Row, column: Column, is_descending: bool) -> Ordering {
    let by_place = (one.layer, one.head).cmp(&(other.layer, other.head));
    let by_value = |one: Option<f32>, other: Option<f32>| match (one, other) {
        (Some(one), Some(other)) if is_descending => other.total_cmp(&one),
        (Some(one), Some(other)) => one.total_cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    match column {
        Column::Head if is_descending => by_place.reverse(),
        Column::Head => by_place,
        Column::All => by_value(one.all, other.all).then(by_place),
        Column::Without => by_value(one.without, other.without).then(by_place),
    }
}

/// The value at which a bar has its full length: 1 for shares, else the largest.
fn longest_bar(rows: &[Row], ranking: Ranking) -> f32 {
    match ranking {
        Ranking::Score(score) if !score.is_share() => {
            rows.iter().flat_map(|row| [row.all, row.without]).flatten().fold(0.0, |most, value| value.abs().max(most))
        }
        _ => 1.0,
    }
}

fn bar(value: Option<f32>, end: f32) -> f32 {
    if end > 0.0 { (value.unwrap_or(0.0).abs() / end).clamp(0.0, 1.0) } else { 0.0 }
}

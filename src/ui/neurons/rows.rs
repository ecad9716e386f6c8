//! The rows of the neuron view as DOM text: query tokens, and key tokens with their numbers; only the rows in view.

use leptos::prelude::*;

use super::model::{Neurons, Steps, short, weight};
use crate::render::{NeuronColumns, Span, Window};
use crate::state::{Looked, TokenRef};
use crate::trace::Side;
use crate::ui::erased::{Derived, keyed, view};
use crate::ui::small::css::px;
use crate::ui::small::token_text::{predicted_text, token_text};

/// What the rows need from their figure.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub neurons: Neurons,
    pub columns: Derived<NeuronColumns>,
    pub window: Derived<Window>,
    /// The row that the keyboard has reached, by side.
    pub reached: RwSignal<(Side, usize)>,
}

/// The query tokens; the neurons of one of them are shown.
#[component]
pub fn QueryRows(rows: Rows) -> impl IntoView {
    let Rows { neurons, columns, window, reached } = rows;
    let visible = Derived::new(move || {
        neurons.positions.with(|(queries, _)| {
            let looked = neurons.looked.get();
            let visible = window.get().visible_rows(queries.len());
            visible.map(|row| (looked, row, queries[row])).collect::<Vec<_>>()
        })
    });
    let chosen = neurons.page.memo(|state| state.selection.queries.clone());
    let row = move |(_, row, position): (Option<Looked>, usize, usize)| {
        let label = neurons.page.peek(|state| {
            let shown = state.shown.as_ref()?;
            let read = shown.labels(Side::Query).get(position).map(token_text);
            Some((read, shown.predicted().and_then(|labels| labels.get(position)).map(predicted_text)))
        });
        let is_current = Derived::new(move || neurons.query.get() == Some(position));
        view! {
            <div
                class="token"
                class:marked=move || is_current.get()
                class:faded=move || !is_current.get()
                class:pinned=move || chosen.with(|chosen| chosen.contains(&position))
                class:reached=move || reached.get() == (Side::Query, row)
                role="option"
                id=row_id(Side::Query, row)
                data-row=row.to_string()
                aria-selected=move || is_current.get().to_string()
                style:top=move || px(row as f32 * window.get().row_height)
                style:height=move || px(window.get().row_height)
            >
                <span class="text">{label}</span>
            </div>
        }
    };
    view! {
        <div
            class="tokens query"
            class:none=move || columns.with(|columns| columns.query_token.width == 0.0)
            role="listbox"
            aria-label="Query tokens"
            tabindex="0"
            aria-activedescendant=move || {
                let (side, row) = reached.get();
                (side == Side::Query).then(|| row_id(Side::Query, row))
            }
            data-side="query"
            style:left=move || px(columns.with(|columns| columns.query_token.x))
            style:width=move || px(columns.with(|columns| columns.query_token.width))
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            {keyed(visible, row)}
        </div>
    }
}

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
                (side == Side::Key).then(|| row_id(Side::Key, row))
            }
            data-side="key"
            style:transform=move || format!("translateY({}px)", -window.get().scroll)
        >
            {keyed(visible, move |(_, row, position)| view! { <KeyRow rows row position /> })}
        </div>
    }
}

#[component]
fn KeyRow(rows: Rows, row: usize, position: usize) -> impl IntoView {
    let Rows { neurons, columns, window, reached } = rows;
    let token = TokenRef { side: Side::Key, position };
    let label = neurons.page.peek(|state| state.shown.as_ref()?.labels(Side::Key).get(position).map(token_text));
    let steps = Derived::new(move || {
        neurons.numbers.with(|numbers| {
            let (numbers, query) = (numbers.as_ref()?, neurons.query.get()?);
            Some((numbers.steps(query, position), numbers.bias(query, position)))
        })
    });
    let step = move |part: fn(&Steps) -> Option<f32>, write: fn(f32) -> String| {
        move || steps.get().and_then(|(steps, _)| part(&steps)).map(write)
    };
    let is_current = Derived::new(move || neurons.key.get() == Some(position));
    let is_masked = Derived::new(move || steps.get().is_some_and(|(steps, _)| steps.score == Some(f32::NEG_INFINITY)));
    let is_pinned = neurons.page.memo(move |state| state.selection.is_pinned(token));
    let bar = move || {
        let weight = steps.get().and_then(|(steps, _)| steps.weight).unwrap_or(0.0);
        format!("{:.2}%", f64::from(weight.abs().clamp(0.0, 1.0)) * 100.0)
    };
    // The change of the weight, where two runs are compared.
    let change = Derived::new(move || {
        let is_difference =
            neurons.numbers.with(|numbers| numbers.as_ref().is_some_and(|numbers| numbers.is_difference()));
        steps.get().and_then(|(steps, _)| steps.weight).filter(|_| is_difference)
    });
    let score_title = move || {
        let bias = steps.get().and_then(|(_, bias)| bias)?;
        Some(format!("with {} added to the scaled product", short(bias)))
    };
    let norm_title = move || {
        let norm = steps.get().and_then(|(steps, _)| steps.norm)?;
        Some(format!("‖f‖ = {norm:.3}"))
    };
    let place = move |span: fn(&NeuronColumns) -> Span| {
        (
            move || px(columns.with(|columns| span(columns).x)),
            move || px(columns.with(|columns| span(columns).width)),
            move || columns.with(|columns| span(columns).width == 0.0),
        )
    };
    let (token_left, token_width, _) = place(|columns| columns.key_token);
    let (dot_left, dot_width, dot_none) = place(|columns| columns.dot);
    let (score_left, score_width, score_none) = place(|columns| columns.score);
    let (weight_left, weight_width, _) = place(|columns| columns.weight);
    let (value_left, value_width, value_none) = place(|columns| columns.value);
    view! {
        <div
            class="key-row"
            class:current=move || is_current.get()
            class:masked=move || is_masked.get()
            class:pinned=move || is_pinned.get()
            class:reached=move || reached.get() == (Side::Key, row)
            role="option"
            id=row_id(Side::Key, row)
            data-row=row.to_string()
            aria-selected=move || is_pinned.get().to_string()
            style:top=move || px(row as f32 * window.get().row_height)
            style:height=move || px(window.get().row_height)
        >
            <span class="token key-token" style:left=token_left style:width=token_width>
                <span class="text">{label}</span>
            </span>
            <span class="measure dot" class:none=dot_none style:left=dot_left style:width=dot_width>
                <span class="only-spoken">"q·k "</span>
                <span class="n">{step(|steps| steps.dot, short)}</span>
            </span>
            <span
                class="measure score"
                class:none=score_none
                title=score_title
                style:left=score_left
                style:width=score_width
            >
                <span class="only-spoken">"score "</span>
                <span class="n">{step(|steps| steps.score, short)}</span>
            </span>
            <span class="measure softmax" style:left=weight_left style:width=weight_width>
                <span class="bar-room">
                    <span
                        class="weight-bar"
                        class:positive=move || change.get().is_some_and(|change| change > 0.0)
                        class:negative=move || change.get().is_some_and(|change| change < 0.0)
                        style:width=bar
                    ></span>
                </span>
                <span class="only-spoken">"weight "</span>
                <span class="weight">{step(|steps| steps.weight, weight)}</span>
            </span>
            <span
                class="measure value"
                class:none=value_none
                title=norm_title
                style:left=value_left
                style:width=value_width
            >
                <span class="only-spoken">"value "</span>
                <span class="n">{step(|steps| steps.value, weight)}</span>
            </span>
        </div>
    }
}

/// Id of a row's element.
fn row_id(side: Side, row: usize) -> String {
    match side {
        Side::Query => format!("neuron-query-{row}"),
        Side::Key => format!("neuron-key-{row}"),
    }
}

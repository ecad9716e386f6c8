//! One key token with its numbers.

use leptos::prelude::*;

use super::model::{Steps, short, sum_of, weight};
use super::rows::{Rows, row_id};
use crate::render::{NeuronColumns, Span};
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;
use crate::ui::small::token_text::token_text;

/// A key token, and the steps from q·k to its weighted value.
#[component]
pub fn KeyRow(rows: Rows, row: usize, position: usize) -> impl IntoView {
    let Rows { neurons, columns, window, reached } = rows;
    let token = TokenRef { side: Side::Key, position };
    let label = neurons.page.peek(|state| state.shown.as_ref()?.labels(Side::Key).get(position).map(token_text));
    let steps = Derived::new(move || {
        neurons.numbers.with(|numbers| {
            let (numbers, query) = (numbers.as_ref()?, neurons.query.get()?);
            Some((numbers.steps(query, position), numbers.bias(query, position)))
        })
    });
    let parts = Derived::new(move || {
        neurons.numbers.with(|numbers| {
            let (numbers, query) = (numbers.as_ref()?, neurons.query.get()?);
            Some(sum_of(&numbers.parts_of_score(query, position))).filter(|sum| !sum.is_empty())
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
        let bias = steps.get().and_then(|(_, bias)| bias);
        parts.get().or_else(|| Some(format!("with {} added to the scaled product", short(bias?))))
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
            id=rows.neurons.page.id(&row_id(Side::Key, row))
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

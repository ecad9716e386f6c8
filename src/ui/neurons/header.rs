//! The header of the neuron view: a formula over each column, and the query's neurons.

use leptos::html::Canvas;
use leptos::prelude::*;

use super::model::Neurons;
use crate::render::{Block, NeuronColumns, Span};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;

/// Formulas over the columns, and below them a strip with the query's cells.
#[component]
pub fn NeuronHeader(
    neurons: Neurons,
    columns: Derived<NeuronColumns>,
    /// The canvas of the query's cells.
    strip: NodeRef<Canvas>,
) -> impl IntoView {
    let Neurons { page, numbers, query, .. } = neurons;
    let has_bias = Derived::new(move || {
        numbers.with(|numbers| {
            let (Some(numbers), Some(query)) = (numbers, query.get()) else { return false };
            let (_, n_key) = numbers.sizes();
            (0..n_key).any(|key| numbers.bias(query, key).is_some())
        })
    });
    let has_parts = Derived::new(move || {
        numbers.with(|numbers| numbers.as_ref().is_some_and(|numbers| !numbers.parts_of_score(0, 0).is_empty()))
    });
    let at = move |span: fn(&NeuronColumns) -> Span| {
        let left = move || px(columns.with(|columns| span(columns).x));
        let width = move || px(columns.with(|columns| span(columns).width));
        let is_gone = move || columns.with(|columns| span(columns).width == 0.0);
        (left, width, is_gone)
    };
    let heading = move |span: fn(&NeuronColumns) -> Span, title: &'static str, is_number: bool, formula: AnyView| {
        let (left, width, is_gone) = at(span);
        view! {
            <div
                class="formula"
                class:number-column=is_number
                class:none=is_gone
                title=title
                style:left=left
                style:width=width
            >
                {formula}
            </div>
        }
    };
    let query_name = move || query.get().map(|query| neurons.plain(Side::Query, query)).unwrap_or_default();
    let strip_span = move || columns.with(|columns| columns.block(shown_block(columns)));
    let is_late = page.memo(|state| state.awaits_neurons());
    view! {
        <div class="neuron-header" class:late=move || is_late.get()>
            {heading(|columns| columns.query_token, "The token that reads", true, view! { <b>"Query"</b> })}
            {heading(|columns| columns.key_token, "The token that is read", false, view! { <b>"Key"</b> })}
            {heading(
                |columns| columns.keys,
                "Neurons of the query (above) and of each key",
                false,
                view! {
                    <math><msub><mi>"q"</mi><mi>"d"</mi></msub></math>
                    " over "
                    <math><msub><mi>"k"</mi><mi>"d"</mi></msub></math>
                },
            )}
            {heading(
                |columns| columns.products,
                "What each neuron adds to the product",
                false,
                view! {
                    <math>
                        <msub><mi>"q"</mi><mi>"d"</mi></msub>
                        <mo>"·"</mo>
                        <msub><mi>"k"</mi><mi>"d"</mi></msub>
                    </math>
                },
            )}
            {heading(
                |columns| columns.dot,
                "The product: the sum over the neurons",
                true,
                view! { <math><mi>"q"</mi><mo>"·"</mo><mi>"k"</mi></math> },
            )}
            {heading(
                |columns| columns.score,
                "The score: the product times attn_scale, with position biases (b), or products with positions (p), where the model has them",
                true,
                view! {
                    <math>
                        <mi>"q"</mi>
                        <mo>"·"</mo>
                        <mi>"k"</mi>
                        <mo>"·"</mo>
                        <mi>"s"</mi>
                        {move || has_bias.get().then(|| {
                            let name = if has_parts.get() { "p" } else { "b" };
                            view! { <mo>"+"</mo><mi>{name}</mi> }
                        })}
                    </math>
                },
            )}
            {heading(
                |columns| columns.weight,
                "The weight: softmax of the scores",
                true,
                view! { <math><mi>"softmax"</mi></math> },
            )}
            {heading(
                |columns| columns.value,
                "Weight times the size of what the key’s value writes into the stream: f = v W_O (Kobayashi et al. 2020)",
                true,
                view! { <math><mi>"A"</mi><mo>"‖"</mo><mi>"f"</mi><mo>"‖"</mo></math> },
            )}
            <span
                class="strip-name"
                style:width=move || px(columns.with(|columns| (strip_span().x - columns.query_token.x - 8.0).max(0.0)))
            >
                <bdi>{query_name}</bdi>
            </span>
            <canvas
                class="strip"
                node_ref=strip
                aria-hidden="true"
                style:left=move || px(strip_span().x)
                style:width=move || px(strip_span().width)
            ></canvas>
        </div>
    }
}

/// The block over which the query's cells stand.
pub(super) fn shown_block(columns: &NeuronColumns) -> Block {
    if columns.keys.width > 0.0 { Block::Keys } else { Block::Products }
}

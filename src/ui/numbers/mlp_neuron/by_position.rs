//! What the neuron does at each position of the text.

use leptos::prelude::*;

use crate::state::stream::neuron::NeuronNumbers;
use crate::trace::Side;
use crate::trace::numeral::two_decimals;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A table of the positions: token, activation as a bar and a number, and of a gated MLP gate and up.
pub fn by_position(page: Page, found: &NeuronNumbers) -> AnyView {
    let labels: Vec<String> = page.peek(|state| {
        let shown = state.shown.as_ref();
        shown
            .map(|shown| shown.labels(Side::Query).iter().map(|label| label.plain.clone()).collect())
            .unwrap_or_default()
    });
    let end = found.post.iter().map(|value| value.abs()).fold(f32::MIN_POSITIVE, f32::max);
    let row = |(position, post): (usize, &f32)| {
        let share = 50.0 * (post.abs() / end).min(1.0);
        let left = if *post < 0.0 { 50.0 - share } else { 50.0 };
        let label = labels.get(position).cloned().unwrap_or_default();
        let number = |value: Option<&f32>| value.map(|value| two_decimals(*value));
        view! {
            <tr>
                <th scope="row"><span class="quiet">{position}</span> " " <bdi>{label}</bdi></th>
                <td class="signed-bar" aria-hidden="true">
                    <span
                        class:less=*post < 0.0
                        style:left=format!("{left:.2}%")
                        style:width=format!("{share:.2}%")
                    ></span>
                </td>
                <td class="number">{two_decimals(*post)}</td>
                <td class="number">{number(found.pre.get(position))}</td>
                {(!found.linear.is_empty()).then(|| view! { <td class="number">{number(found.linear.get(position))}</td> })}
            </tr>
        }
    };
    let is_gated = !found.linear.is_empty();
    view! {
        <table class="direct-sum by-position" aria-label="The neuron at each position">
            <thead>
                <tr>
                    <th scope="col">"Token"</th>
                    <th scope="col" class="only-bar"><span class="only-spoken">"Bar"</span></th>
                    <th scope="col">{if is_gated { "Product" } else { "After" }}</th>
                    <th scope="col">{if is_gated { "Gate" } else { "Before" }}</th>
                    {is_gated.then(|| view! { <th scope="col">"Up"</th> })}
                </tr>
            </thead>
            <tbody>{found.post.iter().enumerate().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

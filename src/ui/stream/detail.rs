//! The chosen cell: its most likely tokens.

use leptos::prelude::*;

use super::model::Stream;
use super::numbers::{row_name, top_names};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};

/// The most likely tokens of the chosen cell with their probabilities.
#[component]
pub fn CellDetail(stream: Stream) -> impl IntoView {
    let detail = Derived::new(move || {
        let (row, position) = stream.chosen.get()?;
        stream.content.track();
        stream.page.peek(|state| {
            let shown = state.shown.as_ref()?;
            let label = shown.labels(Side::Query).get(position)?.plain.clone();
            let title = format!("{}, position {position} {label}", row_name(row, shown.shape().n_layers + 1));
            Some((title, top_names(state, row, position)))
        })
    });
    let row = |(name, prob): (String, f32)| {
        let percent = format!("{:.1}%", 100.0 * prob.clamp(0.0, 1.0));
        view! {
            <tr>
                <th scope="row" class="name"><bdi>{name}</bdi></th>
                <td class="bars">
                    <span class="pair-line">
                        <span class="pair-bar of-a" style:width=percent></span>
                        <span class="number">{format!("{prob:.4}")}</span>
                    </span>
                </td>
            </tr>
        }
    };
    move || {
        let (title, top) = detail.get()?;
        (!top.is_empty()).then(|| {
            view! {
                <section class="panel stream-detail" aria-label="Chosen cell">
                    <h2>{title}</h2>
                    <table class="pairs" aria-label="Most likely tokens of the cell">
                        <tbody>{top.into_iter().map(row).collect_view()}</tbody>
                    </table>
                </section>
            }
        })
    }
}

//! One head in the table of heads.

use leptos::prelude::*;

use super::ranking::{Ranking, Row};
use crate::render::{HeadColours, LayerHead};
use crate::state::{Event, SelectionEvent, Variant, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::css::rgb;

/// The head's name, which shows the head alone, and its numbers with bars.
#[component]
pub fn HeadRow(
    page: Page,
    colours: Derived<HeadColours>,
    ranking: Ranking,
    row: Row,
    /// The head that is shown alone, if one is.
    selected: Derived<Option<LayerHead>>,
    /// The value at which a bar has its full length.
    end: Derived<f32>,
) -> impl IntoView {
    let Row { layer, head, all, without, spread } = row;
    let colour = move || rgb(colours.with(|colours| colours.line.get(head).copied().unwrap_or_default()));
    let is_current = move || selected.get() == Some((layer, head));
    let is_difference = page.peek(|state| state.editing.variant == Variant::Difference);
    let words = if is_difference { wording::short_change } else { wording::short_weight };
    let number = move |value: Option<f32>, spread: Option<f32>| {
        let width = move || format!("{:.1}%", bar(value, end.get()) * 100.0);
        view! {
            <td class="number">
                <span class="weight-bar" style:width=width style:background-color=colour></span>
                <span>
                    {value.map_or("–".to_owned(), words)}
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
                    on:click=move |_| page.dispatch(Event::Select(SelectionEvent::HeadPicked { layer, head }))
                >
                    <span class="swatch" style:background-color=colour></span>
                    {wording::head_name(layer, head)}
                </button>
            </td>
            {number(all, spread[0])}
            {(ranking != Ranking::Link).then(|| number(without, spread[1]))}
        </tr>
    }
}

/// The length of a bar, as a share of its room.
fn bar(value: Option<f32>, end: f32) -> f32 {
    if end > 0.0 { (value.unwrap_or(0.0).abs() / end).clamp(0.0, 1.0) } else { 0.0 }
}

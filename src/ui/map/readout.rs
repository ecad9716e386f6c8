//! Below the map: one head's numbers.

use leptos::prelude::*;

use super::model::Map;
use super::numbers::name;
use crate::protocol::Quantity;
use crate::render::LayerHead;
use crate::state::scales::options::CellNumber;
use crate::state::scales::thumbnails::LayerThumbnails;
use crate::state::{Variant, wording};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// What a picture in place of weights says: "Layer 2 · value zeroing · largest cat → the 0.41".
fn words_of_other(page: Page, quantity: Quantity, place: LayerHead) -> String {
    let name = format!("{} · {}", wording::place_name(quantity, place.0, place.1), quantity.label());
    let largest = page.peek(|state| {
        let picture = state.map_values().get(place.0)?.as_deref()?;
        let sizes = picture.head(place.1).iter().copied().enumerate();
        let (at, value) = sizes.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))?;
        let token = |side: Side, at: usize| state.map_tokens(side).get(at).map(|(_, token)| token.clone());
        let (row, column) = (at / picture.n_columns, at % picture.n_columns);
        let is_change = state.editing.variant == Variant::Difference;
        let number = if is_change { wording::change(value) } else { wording::weight(value) };
        Some(format!(" · largest {} → {} {number}", token(Side::Query, row)?, token(Side::Key, column)?))
    });
    name + &largest.unwrap_or_default()
}

/// "L2H9 · entropy 0.31 · strongest link cat → cat 0.8421".
pub(super) fn words(page: Page, quantity: Quantity, place: LayerHead, thumbnails: &LayerThumbnails) -> String {
    if quantity != Quantity::Weights {
        return words_of_other(page, quantity, place);
    }
    let (layer, head) = place;
    let name = wording::head_name(layer, head);
    let Some(numbers) = thumbnails.numbers(head) else { return name };
    let is_difference = page.peek(|state| state.editing.variant == Variant::Difference);
    let entropy = numbers.entropy.map(|entropy| match is_difference {
        true => format!(" · entropy {}", wording::short_change(entropy)),
        false => format!(" · entropy {entropy:.3}"),
    });
    let entropy = entropy.unwrap_or_default();
    let strongest = numbers.strongest.map(|link| {
        let (query, key) = page.peek(|state| {
            let label = |side: Side, position: u32| {
                let labels = state.shown.as_ref().map(|shown| shown.labels(side));
                labels
                    .map(|labels| wording::token_name(labels, position as usize, position as usize))
                    .unwrap_or_default()
            };
            (label(Side::Query, link.query), label(Side::Key, link.key))
        });
        match is_difference {
            true => format!(" · largest change {query} → {key} {}", wording::change(link.weight)),
            false => format!(" · strongest link {query} → {key} {}", wording::weight(link.weight)),
        }
    });
    format!("{name}{entropy}{}", strongest.unwrap_or_default())
}

/// The numbers of the head under the pointer, else of the one reached by keyboard, else of the one shown.
#[component]
pub fn Readout(map: Map) -> impl IntoView {
    let Map { page, layers, hovered, reached, selected, is_small, options, numbers, quantity, .. } = map;
    let text = Derived::new(move || {
        let place = hovered.get().or(reached.get()).or(if is_small { None } else { selected.get() })?;
        let thumbnails = layers.with(|layers| layers.get(place.0).cloned().flatten());
        let words = match thumbnails {
            Some(thumbnails) => words(page, quantity.get(), place, &thumbnails.0),
            None => wording::place_name(quantity.get(), place.0, place.1),
        };
        if quantity.get().is_layer_wide() {
            return Some(words);
        }
        let number = options.with(|options| options.number);
        let value = (number.is_effect() || matches!(number, CellNumber::Score(_)))
            .then(|| numbers.with(|numbers| numbers.at(place)))
            .flatten();
        Some(match value {
            Some(value) if number.is_effect() => {
                format!("{words} · {} {}", name(number), wording::short_change(value))
            }
            Some(value) => format!("{words} · {} {}", name(number), wording::short_weight(value)),
            None => words,
        })
    });
    let hint = if is_small { "" } else { "Hover a head for its numbers" };
    view! {
        <p class="readout" class:idle=move || text.with(Option::is_none)>
            {move || text.get().unwrap_or_else(|| hint.to_owned())}
        </p>
    }
}

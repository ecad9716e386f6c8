//! One token of a column.

use leptos::prelude::*;

use super::column::Column;
use super::token_figure::Figure;
use super::token_keys::on_key;
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::px;
use crate::ui::small::token_text::{predicted_text, token_text};

/// One token.
#[component]
pub fn TokenRow(
    figure: Figure,
    column: Column,
    side: Side,
    row: usize,
    unit: usize,
    reached: RwSignal<usize>,
    tab_stop: Derived<Option<usize>>,
) -> impl IntoView {
    let Figure { scene, window, focused, .. } = figure;
    let Column { marked, pinned, extent, numbers, estimates, is_idle } = column;
    let unit = TokenRef { side, position: unit };
    let label = scene.with_untracked(|scene| scene.as_ref()?.label(side, unit.position).cloned());
    let predicted = scene.with_untracked(|scene| scene.as_ref()?.predicted(side, unit.position).cloned());
    let title = figure.title(unit);
    let tokens = scene.with_untracked(|scene| scene.as_ref().map(|scene| scene.units.tokens(side, unit.position)));
    let tokens = tokens.unwrap_or_default();
    let message =
        scene.with_untracked(|scene| scene.as_ref()?.units.side(side).messages.0.get(unit.position).cloned().flatten());
    // A marked row, and a row that fades because others are marked.
    let mark = Derived::new(move || {
        marked.with(|marked| {
            let is_marked = marked.binary_search(&unit.position).is_ok();
            (is_marked, !marked.is_empty() && !is_marked)
        })
    });
    let is_pinned = Derived::new(move || pinned.with(|pinned| pinned.iter().any(|position| tokens.contains(position))));
    // "A" and "B" stand where the texts of a pair start.
    let text_name = move || {
        let second = extent.get().1?;
        if unit.position == second {
            Some("B")
        } else if row == 0 {
            Some(if unit.position < second { "A" } else { "B" })
        } else {
            None
        }
    };
    let speaker = message.as_ref().filter(|message| message.is_first).map(|message| message.role.clone());
    let starts_second = move || row > 0 && text_name() == Some("B");
    let number = Derived::new(move || numbers.with(|numbers| numbers.get(row).cloned()));
    let estimate = Derived::new(move || estimates.with(|estimates| estimates.get(row).copied().unwrap_or(0.0)));
    let is_more = move || estimate.get() > 0.0;
    let is_less = move || estimate.get() < 0.0;
    let has_number = move || number.with(|number| number.as_ref().is_some_and(|number| !number.is_empty()));
    view! {
        <div
            class="token"
            class:marked=move || mark.get().0
            class:faded=move || mark.get().1
            class:pinned=move || is_pinned.get()
            class:second=starts_second
            class:positive=is_more
            class:negative=is_less
            style:--strength=move || format!("{:.1}%", 60.0 * estimate.get().abs())
            class:numbered=has_number
            class:measured=move || !is_idle.get() && has_number()
            data-role=message.map(|message| message.role)
            role="option"
            data-row=row.to_string()
            aria-selected=move || is_pinned.get().to_string()
            aria-posinset=(row + 1).to_string()
            aria-setsize=move || extent.get().0.to_string()
            tabindex=move || if tab_stop.get() == Some(row) { "0" } else { "-1" }
            title=title
            style:top=move || px(row as f32 * window.get().row_height)
            style:height=move || px(window.get().row_height)
            on:focus=move |_| {
                reached.set(row);
                focused.set(Some(unit));
                figure.hover(Some(unit));
            }
            on:blur=move |_| {
                focused.set(None);
                figure.hover(None);
            }
            on:keydown=move |event| on_key(figure, unit, reached, &event)
        >
            <span class="text">{label.as_ref().map(token_text)}{predicted.as_ref().map(predicted_text)}</span>
            <span class="text-name" aria-hidden="true">{text_name}{speaker.clone()}</span>
            {speaker.map(|speaker| view! { <span class="only-spoken">{format!(", begins a message of {speaker}")}</span> })}
            <span class="weight" class:idle=move || is_idle.get()>{move || number.get()}</span>
        </div>
    }
}

//! The controls behind "Display": the scale of the weights, the least one drawn, and what is left out.

use leptos::prelude::*;

use super::min_weight::MinWeight;
use crate::protocol::Quantity;
use crate::state::{DisplayChange, Event, Shown, ViewEvent};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::check_box::CheckBox;
use crate::ui::small::radio_group::RadioGroup;

/// What "Display" opens.
#[component]
pub fn DisplayFields(page: Page) -> impl IntoView {
    let display = page.memo(|state| state.options.display);
    let has_special = page.memo(|state| {
        let has =
            |shown: &Shown| [Side::Query, Side::Key].iter().any(|&side| shown.tokens(side).special.contains(&true));
        state.shown.as_ref().is_some_and(has)
    });
    let whole = Derived::new(move || if display.get().quantity == Quantity::Norms { "Layer’s largest" } else { "1" });
    let set = move |change| page.dispatch(Event::View(ViewEvent::DisplayChanged(change)));
    view! {
        <RadioGroup
            name="display-scale"
            label="Scale"
            options=vec![(false, "Linear".to_owned()), (true, "Logarithmic".to_owned())]
            picked=move || Some(display.get().is_log)
            pick=move |is_log| set(DisplayChange::Log(is_log))
        />
        {move || view! {
            <RadioGroup
                name="display-end"
                label="Maximum"
                options=vec![(false, whole.get().to_owned()), (true, "Row’s largest".to_owned())]
                picked=move || Some(display.get().is_per_row)
                pick=move |is_per_row| set(DisplayChange::PerRow(is_per_row))
            />
        }}
        <MinWeight page display />
        <div class="control" role="group" aria-label="Leave out">
            <span class="label" aria-hidden="true">"Leave out"</span>
            <CheckBox
                name="special tokens"
                is_on=Signal::derive(move || display.get().leaves_out_special)
                is_disabled=Signal::derive(move || !has_special.get())
                change=move |is_on| set(DisplayChange::LeaveOutSpecial(is_on))
            />
            <CheckBox
                name="first position"
                is_on=Signal::derive(move || display.get().leaves_out_first)
                change=move |is_on| set(DisplayChange::LeaveOutFirst(is_on))
            />
        </div>
        <CheckBox
            name="Join words"
            is_on=Signal::derive(move || display.get().joins_words)
            change=move |is_on| set(DisplayChange::JoinWords(is_on))
        />
    }
}

//! The controls above the table: what a cell shows, of which token, and which end is on top.

use leptos::prelude::*;

use super::model::Stream;
use super::numbers::about;
use crate::state::stream::options::{StreamNumber, StreamOptions};
use crate::state::{Event, ViewEvent};
use crate::ui::erased::view;
use crate::ui::small::tick::Tick;

/// The controls above the table.
#[component]
pub fn StreamControls(stream: Stream) -> impl IntoView {
    let Stream { page, options, .. } = stream;
    let change = move |change: &dyn Fn(&mut StreamOptions)| {
        let mut changed = options.get_untracked();
        change(&mut changed);
        page.dispatch(Event::View(ViewEvent::StreamChanged(changed)));
    };
    let number = move |(index, number): (usize, StreamNumber)| {
        view! {
            <option value=index.to_string() prop:selected=move || options.with(|options| options.number == number)>
                {move || page.with(|state| about(state, number, number.label()))}
            </option>
        }
    };
    let has_labels = page.memo(|state| state.lens_has_labels());
    let needs_token = move || options.with(|options| options.number.needs_token());
    view! {
        <div class="controls stream-controls">
            <div class="control">
                <label for=stream.page.id("stream-number")>"Cells"</label>
                <select
                    id=stream.page.id("stream-number")
                    on:change:target=move |event| {
                        let index = event.target().value().parse().unwrap_or(0);
                        let number = StreamNumber::EACH.get(index).copied().unwrap_or_default();
                        change(&|options| options.number = number);
                    }
                >
                    {StreamNumber::EACH.into_iter().enumerate().map(number).collect_view()}
                </select>
            </div>
            <div class="control" class:none=move || !needs_token()>
                <label for=stream.page.id("stream-token")>{move || if has_labels.get() { "Label" } else { "Token" }}</label>
                <input
                    id=stream.page.id("stream-token")
                    type="text"
                    placeholder=move || if has_labels.get() { "the likeliest" } else { "most likely next" }
                    prop:value=move || options.with(|options| options.token.clone())
                    on:change:target=move |event| {
                        let token = event.target().value();
                        change(&|options| options.token.clone_from(&token));
                    }
                />
            </div>
            <Tick
                name="first layer on top"
                is_on=Signal::derive(move || options.with(|options| options.is_first_on_top))
                change=move |is_first_on_top| change(&|options| options.is_first_on_top = is_first_on_top)
            />
        </div>
    }
}

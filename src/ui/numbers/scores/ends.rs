//! The two ends of the link whose weight ranks the heads.

use leptos::prelude::*;

use crate::state::{Event, SelectionEvent, TokenRef};
use crate::trace::Side;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The tokens between which weights are ranked: those that are pinned in the view.
#[component]
pub fn Ends(page: Page) -> impl IntoView {
    let tokens = |side: Side| {
        page.memo(move |state| {
            let labels = state.shown.as_ref().map(|shown| shown.labels(side));
            labels
                .map(|labels| labels.iter().map(|label| label.plain.clone()).collect())
                .unwrap_or_else(Vec::<String>::new)
        })
    };
    let picker = move |side: Side, name: &'static str, id: &'static str| {
        let tokens = tokens(side);
        let picked = page.memo(move |state| {
            let positions = match side {
                Side::Query => &state.selection.queries,
                Side::Key => &state.selection.keys,
            };
            positions.iter().copied().collect::<Vec<_>>()
        });
        let pick = move |value: String| {
            for position in picked.get_untracked() {
                page.dispatch(Event::Select(SelectionEvent::PinToggled(TokenRef { side, position })));
            }
            if let Ok(position) = value.parse() {
                page.dispatch(Event::Select(SelectionEvent::PinToggled(TokenRef { side, position })));
            }
        };
        let options = move || {
            let option = |(position, token): (usize, String)| {
                view! {
                    <option value=position.to_string() prop:selected=move || picked.get() == [position]>
                        {format!("{token}  {position}")}
                    </option>
                }
            };
            tokens.get().into_iter().enumerate().map(option).collect_view()
        };
        view! {
            <div class="field">
                <label for=id>{name}</label>
                <select id=id on:change:target=move |event| pick(event.target().value())>
                    <option value="" prop:selected=move || picked.with(Vec::is_empty)>"choose …"</option>
                    <option value="several" disabled=true prop:selected=move || picked.with(|picked| picked.len() > 1)>
                        "several"
                    </option>
                    {options}
                </select>
            </div>
        }
    };
    view! {
        <div class="ends">
            {picker(Side::Query, "Query reads", "link-query")}
            {picker(Side::Key, "Key is read", "link-key")}
        </div>
        <p class="hint explained">
            "How much weight each head gives from the query to the key. Several pinned tokens count together: keys are \
            summed, queries averaged."
        </p>
    }
}

//! What the selected link writes: how much each head of the layer brings along it, and which tokens that promotes and suppresses.

use leptos::prelude::*;

use crate::protocol::Writer;
use crate::state::stream::written::{WrittenNumbers, WrittenRow, writer_name};
use crate::state::{Event, SelectionEvent, StreamEvent, wording};
use crate::trace::{Side, TokenForm};
use crate::ui::erased::view;
use crate::ui::numbers::parts_table::parts_table;
use crate::ui::numbers::token_list::token_list;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The panel, there while a query and a key are selected; asked for while it is open.
#[component]
pub fn LinkWrites(page: Page) -> impl IntoView {
    let link = page.memo(|state| {
        let (query, key) = (*state.selection.queries.last()?, *state.selection.keys.last()?);
        let shown = state.shown.as_ref()?;
        let name = |side: Side, at: usize| shown.labels(side).get(at).map(|label| label.plain.trim().to_owned());
        let title = format!("{} → {}", name(Side::Query, query)?, name(Side::Key, key)?);
        state.can_answer(true).then_some((state.selection.layer, query, title))
    });
    let linked = page.memo(|state| state.stream.linked.value().cloned().map(Same));
    let is_pending = page.memo(|state| state.stream.linked.is_pending());
    let problem = page.memo(|state| state.stream.linked.problem().map(str::to_owned));
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    let open = move |is_open: bool| page.dispatch(Event::Stream(StreamEvent::LinkShown(is_open)));
    on_cleanup(move || open(false));
    let body = move || {
        if let Some(problem) = problem.get() {
            return Some(view! { <Problem message=problem /> }.into_any());
        }
        let (layer, query, _) = link.get()?;
        let linked =
            linked.get().filter(|linked| !is_pending.get() && (linked.0.layer, linked.0.position) == (layer, query))?;
        Some(table(page, &linked.0, form.get()))
    };
    view! {
        <details
            class="panel link-writes"
            class:none=move || link.with(Option::is_none)
            on:toggle:target=move |event| open(event.target().has_attribute("open"))
        >
            <summary>
                "What the link writes: "
                <bdi>{move || link.get().map(|(_, _, title)| title)}</bdi>
            </summary>
            {body}
        </details>
    }
}

fn table(page: Page, linked: &WrittenNumbers, form: TokenForm) -> AnyView {
    let layer = linked.layer;
    let row = |row: &WrittenRow| {
        let head = match row.writer {
            Writer::Head(head) | Writer::CrossHead(head) => head as usize,
            _ => 0,
        };
        let pick = move |_| page.dispatch(Event::Select(SelectionEvent::HeadPicked { layer, head }));
        view! {
            <tr>
                <th scope="row">
                    <button type="button" class="link" on:click=pick>{writer_name(layer, row.writer)}</button>
                </th>
                <td class="number">{format!("{:.3}", row.norm)}</td>
                <td><bdi>{token_list(&row.promotes, form)}</bdi></td>
                <td><bdi>{token_list(&row.suppresses, form)}</bdi></td>
            </tr>
        }
    };
    let reason = linked.without_words.as_deref().map(wording::sentence);
    view! {
        {reason.map(|reason| view! { <p class="hint">{reason}</p> })}
        {parts_table(
            "What each head brings along the link",
            ["Head", "‖A f‖", "Promotes", "Suppresses"],
            linked.rows.iter().map(row),
        )}
        <p class="hint">
            "‖A f‖: length of what a head brings from the key to the query, weight included; comparable within a layer only. Tokens: a direct effect on the logits at the query."
        </p>
    }
    .into_any()
}

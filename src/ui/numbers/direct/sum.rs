//! The sum's components as bars, and the sum beside the model's own value.

use leptos::prelude::*;

use super::export::SumExport;
use super::parts::parts;
use super::rows::{Order, Row, rows};
use crate::protocol::TokenRead;
use crate::state::stream::numbers::{Component, DirectNumbers};
use crate::state::{Event, SelectionEvent, wording};
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::csv_button::CsvButton;
use crate::ui::small::same::Same;
use crate::ui::small::tick::Tick;

/// The sum, largest components first or from the bottom up.
#[component]
pub fn Sum(
    page: Page,
    numbers: Same<DirectNumbers>,
    order: RwSignal<Order>,
    form: Derived<TokenForm>,
    is_change: Derived<bool>,
) -> impl IntoView {
    let opened = RwSignal::new(None::<Component>);
    let sum = numbers.0.clone();
    let list = {
        let sum = numbers.0.clone();
        Derived::new(move || rows(&sum, order.get()))
    };
    let named = move |tokens: &[TokenRead]| {
        let names = tokens.iter().map(|token| {
            let label = token_label(&token.token, form.get()).plain;
            if token.n_pieces > 1 { format!("{label} (first of {} tokens)", token.n_pieces) } else { label }
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let (for_table, for_figure) = (numbers.0.clone(), numbers.clone());
    let (answers, others) = (sum.answers.clone(), sum.others.clone());
    let (total, outcome) = (sum.total(), sum.outcome());
    let body = move || {
        let rows = list.get();
        let end = rows.iter().map(|row| row.value.abs()).fold(f32::MIN_POSITIVE, f32::max);
        let opened_now = opened.get();
        let line = |row: Row| {
            let is_open = row.component.is_some() && row.component == opened_now;
            let inside = is_open.then(|| row.component.map(|component| parts(page, &sum, component)));
            line(page, row, end, opened, inside.flatten())
        };
        rows.into_iter().map(line).collect_view()
    };
    let what = move || if is_change.get() { "Change of the outcome" } else { "Outcome" };
    view! {
        <p class="note">
            {what} " " <bdi>{move || named(&answers)}</bdi> " − " <bdi>{move || named(&others)}</bdi>
            ": sum " {wording::change(total)} ", model " {wording::change(outcome)}
            ", unexplained " {wording::change(outcome - total)}
        </p>
        <div class="sum-tools">
            <Tick
                name="from the bottom up"
                is_on=Signal::derive(move || order.get() == Order::BottomUp)
                change=move |is_on| order.set(if is_on { Order::BottomUp } else { Order::Largest })
            />
            <CsvButton name="direct-effects" table=Box::new(move || Some(for_table.to_csv())) />
            <SumExport page numbers=for_figure order />
        </div>
        <table class="direct-sum" aria-label="Outcome as a sum">
            <tbody>{body}</tbody>
        </table>
        <p class="hint">"What each component wrote towards the answer, not what its ablation would show."</p>
    }
}

/// A line: a bar to the right for what adds, to the left for what takes away.
fn line(page: Page, row: Row, end: f32, opened: RwSignal<Option<Component>>, inside: Option<AnyView>) -> AnyView {
    let Row { name, component, value, sum } = row;
    let share = 50.0 * (value.abs() / end).min(1.0);
    let left = if value < 0.0 { 50.0 - share } else { 50.0 };
    let go = move |_| {
        if let Some(Component::Head(layer, head)) = component {
            page.dispatch(Event::Select(SelectionEvent::HeadPicked { layer, head }));
        }
        opened.update(|opened| *opened = if *opened == component { None } else { component });
    };
    let has_parts = matches!(component, Some(Component::Head(..) | Component::CrossHead(..) | Component::Mlp(_)));
    let name = match has_parts {
        true => view! { <button type="button" class="link" on:click=go>{name}</button> }.into_any(),
        false => name.into_any(),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="signed-bar" aria-hidden="true">
                <span
                    class:less=value < 0.0
                    style:left=format!("{left:.2}%")
                    style:width=format!("{share:.2}%")
                ></span>
            </td>
            <td class="number">{wording::short_change(value)}</td>
            <td class="number">{sum.map(wording::short_change)}</td>
        </tr>
        {inside.map(|inside| view! { <tr><td colspan="4">{inside}</td></tr> })}
    }
    .into_any()
}

//! The rows of the set as the model reads them, before anything runs.

use leptos::prelude::*;

use super::scrolled_table::scrolled_table;
use crate::protocol::RowRead;
use crate::sets::Row;
use crate::state::State;
use crate::state::wording::{count, shortened_to};
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// So many rows are listed.
const N_LISTED: usize = 40;

/// A row of the table: its number, its text, how it is read.
#[derive(Clone, PartialEq)]
struct Listed {
    number: usize,
    text: String,
    read: Result<String, String>,
}

/// The first rows: texts, and once a model is here tokens, marked words and answers, or why a row does not fit.
#[component]
pub fn RowTable(page: Page) -> impl IntoView {
    let listed = page.memo(listed);
    let summary = page.memo(summary);
    let notes = page.memo(|state| {
        state
            .find
            .aligned
            .as_ref()
            .map(|read| read.notes.iter().chain(&read.problem).cloned().collect::<Vec<_>>())
            .unwrap_or_default()
    });
    let row = |Listed { number, text, read }: Listed| {
        let is_refused = read.is_err();
        let read = read.unwrap_or_else(|reason| format!("left out: {reason}"));
        view! {
            <tr class:refused=is_refused>
                <th scope="row">{number}</th>
                <td><bdi>{text}</bdi></td>
                <td>{read}</td>
            </tr>
        }
    };
    view! {
        <details class="find-rows">
            <summary>"Rows: " <span role="status" aria-label="Rows that fit">{move || summary.get()}</span></summary>
            {move || notes.get().into_iter().map(|note| view! { <p class="hint">{note}</p> }).collect_view()}
            {scrolled_table(
                "Rows of the set",
                &["Row", "Text", "As the model reads it"],
                (move || listed.get().into_iter().map(row).collect_view()).into_any(),
            )}
        </details>
    }
}

fn summary(state: &State) -> String {
    let n_rows = state.find.set.as_ref().map_or(0, |set| set.rows.len());
    match &state.find.aligned {
        Some(read) if read.problem.is_some() => format!("none of {n_rows} fits"),
        Some(read) => format!("{} of {n_rows} fit the model and the measure", read.rows.len()),
        None if state.work.model.is_none() => format!("{}, read once the model is loaded", count(n_rows, "row")),
        None => format!("reading {}", count(n_rows, "row")),
    }
}

/// The rows that do not fit come first, then the others.
fn listed(state: &State) -> Vec<Listed> {
    let Some(set) = &state.find.set else { return Vec::new() };
    let line = |index: usize, read| {
        let row = set.rows.get(index)?;
        let pair = row.text_pair.as_deref().map(|pair| format!(" | {pair}")).unwrap_or_default();
        Some(Listed { number: index + 1, text: shortened_to(&format!("{}{pair}", row.text), 200), read })
    };
    let Some(read) = &state.find.aligned else {
        return (0..set.rows.len().min(N_LISTED)).filter_map(|index| line(index, Ok(String::new()))).collect();
    };
    let form = state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form);
    let refused = read.refused.iter().filter_map(|(index, reason)| line(*index as usize, Err(reason.clone())));
    let fit = read.rows.iter().filter_map(|row| {
        let index = row.row as usize;
        line(index, Ok(tokens(row, set.rows.get(index)?, form)))
    });
    refused.take(N_LISTED).chain(fit.take(N_LISTED)).collect()
}

/// "9 tokens: The·|nurse …; pronoun at 6; she − he after 8".
fn tokens(read: &RowRead, row: &Row, form: TokenForm) -> String {
    let labels: Vec<String> = read.tokens.iter().map(|token| token_label(token, form).plain).collect();
    let mut parts = vec![count(read.n_tokens as usize, "token")];
    if !labels.is_empty() {
        parts[0] += &format!(": {}", labels.join("|"));
    }
    for (name, positions) in &read.marks {
        let at: Vec<String> = positions.iter().map(u32::to_string).collect();
        let word = row.marked(name).map(|word| format!(" “{word}”")).unwrap_or_default();
        parts.push(format!("{name}{word} at {}", at.join(", ")));
    }
    if let Some((answers, others, position)) = &read.outcome {
        let plain = |tokens: &[String]| {
            tokens.iter().map(|token| token_label(token, form).plain).collect::<Vec<String>>().join(", ")
        };
        let others = if others.is_empty() { String::new() } else { format!(" − {}", plain(others)) };
        parts.push(format!("outcome {}{others} at position {position}", plain(answers)));
    }
    if let Some(label) = &row.label {
        parts.push(format!("label {label}"));
    }
    parts.join("; ")
}

//! The chosen head of an atlas: its scores, and its examples.

use leptos::prelude::*;

use super::examples::Examples;
use super::save::save_head;
use super::{Shown, number};
use crate::state::find::atlas::score_name;
use crate::state::wording::head_name;
use crate::ui::erased::{Derived, view};
use crate::ui::find::scrolled_table::scrolled_table;
use crate::ui::small::problem::Problem;

/// A score: its name, mean, interval, number of texts.
type Listed = (String, String, String, usize);

/// Scores as a table, examples below it.
#[component]
pub fn AtlasHead(shown: Shown) -> impl IntoView {
    let head = shown.head;
    let title = move || {
        let (atlas, head) = (shown.atlas.get()?, head.get()?);
        Some(head_name(head / atlas.file.n_heads, head % atlas.file.n_heads))
    };
    let group = move || {
        let (likeness, head) = (shown.likeness.get()?, head.get()?);
        Some(format!("group {}", likeness.groups.get(head)? + 1))
    };
    let listed = Derived::new(move || {
        let Some((atlas, head)) = shown.atlas.get().zip(head.get()) else { return Vec::new() };
        let score = |(score, id): (usize, &String)| -> Listed {
            let summary = atlas.file.summary(head, score);
            let interval = match summary.low.is_nan() {
                true => "–".to_owned(),
                false => format!("{} to {}", number(summary.low), number(summary.high)),
            };
            (score_name(id), number(summary.mean), interval, summary.n)
        };
        atlas.file.metadata.scores.iter().enumerate().map(score).collect()
    });
    let row = |(name, mean, interval, n): Listed| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="number-cell">{mean}</td>
                <td class="number-cell">{interval}</td>
                <td class="number-cell">{n}</td>
            </tr>
        }
    };
    let problem = RwSignal::new(None::<String>);
    let save = move |_| {
        let chosen = shown.atlas.get_untracked().zip(head.get_untracked());
        problem.set(chosen.and_then(|(atlas, head)| save_head(&atlas, head).err()));
    };
    view! {
        <section class="find-head" aria-label="Head of the atlas">
            <div class="sweep-head">
                <h3>{title}</h3>
                <span class="label">{group}</span>
                <span class="spring"></span>
                <button type="button" class="link" on:click=save>"Save this head as JSON"</button>
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <details open>
                <summary>"Scores"</summary>
                {scrolled_table(
                    "Scores of the head",
                    &["Score", "Mean", "95 %", "Texts"],
                    (move || listed.get().into_iter().map(row).collect_view()).into_any(),
                )}
            </details>
            <Examples shown />
        </section>
    }
}

//! What attention and the MLP write at the chosen cell: by length, and by the tokens that each part promotes and suppresses.

use leptos::prelude::*;

use super::model::Stream;
use super::neurons_here::NeuronsHere;
use crate::state::stream::written::{WrittenNumbers, WrittenRow, writer_name};
use crate::state::wording;
use crate::trace::TokenForm;
use crate::ui::erased::{Derived, view};
use crate::ui::numbers::parts_table::parts_table;
use crate::ui::numbers::token_list::token_list;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The parts of the layer, the largest first, and the neurons of its MLP.
#[component]
pub fn WrittenHere(stream: Stream) -> impl IntoView {
    let page = stream.page;
    let problem = page.memo(|state| state.stream.written.problem().map(str::to_owned));
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    let written = page.memo(|state| state.stream.written.value().cloned().map(Same));
    // What is here may still be that of the cell before.
    let of_cell = Derived::new(move || {
        let cell = stream.chosen.get()?;
        written.get().filter(|written| (written.0.layer, written.0.position) == cell)
    });
    let parts = move || match problem.get() {
        Some(problem) => Some(view! { <Problem message=problem /> }),
        None => of_cell.get().map(|written| table(&written.0, form.get())),
    };
    view! {
        {parts}
        <NeuronsHere stream written=of_cell />
    }
}

fn table(written: &WrittenNumbers, form: TokenForm) -> AnyView {
    let layer = written.layer;
    let row = |row: &WrittenRow| {
        view! {
            <tr>
                <th scope="row">{writer_name(layer, row.writer)}</th>
                <td class="number">{format!("{:.2}", row.norm)}</td>
                <td><bdi>{token_list(&row.promotes, form)}</bdi></td>
                <td><bdi>{token_list(&row.suppresses, form)}</bdi></td>
            </tr>
        }
    };
    let reason = written.without_words.as_deref().map(wording::sentence);
    view! {
        <section class="panel written-here" aria-label="Written at the chosen cell">
            <h2>{format!("What layer {layer} writes here")}</h2>
            {reason.map(|reason| view! { <p class="hint">{reason}</p> })}
            {parts_table(
                "Parts of the layer",
                ["Part", "Norm", "Promotes", "Suppresses"],
                written.rows.iter().map(row),
            )}
        </section>
    }
}

//! What attention and the MLP write at the chosen cell: by length, and by the tokens that each part promotes and suppresses.

use leptos::prelude::*;

use super::model::Stream;
use super::neurons_here::NeuronsHere;
use crate::edit::{Choice, Edit, EditKind};
use crate::protocol::Writer;

use crate::state::stream::written::{WrittenNumbers, WrittenRow, writer_name};
use crate::state::{EditEvent, Event, wording};
use crate::trace::TokenForm;
use crate::ui::erased::{Derived, view};
use crate::ui::numbers::parts_table::parts_table;
use crate::ui::numbers::token_list::token_list;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The parts of the layer, the largest first, and the neurons of its MLP.
#[component]
pub fn WrittenHere(stream: Stream) -> impl IntoView {
    let page = stream.page;
    let problem = page.memo(|state| state.stream.written.problem().map(str::to_owned));
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    let written = page.memo(|state| state.stream.written.value().cloned().map(Same));
    let can_edit = page.memo(|state| state.can_edit());
    // What is here may still be that of the cell before.
    let of_cell = Derived::new(move || {
        let cell = stream.chosen.get()?;
        written.get().filter(|written| (written.0.layer, written.0.position) == cell)
    });
    let parts = move || match problem.get() {
        Some(problem) => Some(view! { <Problem message=problem /> }),
        None => of_cell.get().map(|written| table(page, &written.0, form.get(), can_edit.get())),
    };
    view! {
        {parts}
        <NeuronsHere stream written=of_cell />
    }
}

fn table(page: Page, written: &WrittenNumbers, form: TokenForm, can_edit: bool) -> AnyView {
    let (layer, position) = (written.layer, written.position);
    // The token goes to the next best expert then.
    let remove = |expert: u32| {
        let (layer, query) = (Choice::One(layer), Choice::One(position));
        let kind = EditKind::KnockOutExpert { layer, expert: Choice::One(expert as usize), query };
        let add = move |_| page.dispatch(Event::Editing(EditEvent::Added(vec![Edit::new(kind.clone())])));
        let label = format!("Remove expert {expert} for this token");
        view! { <button type="button" class="link" aria-label=label on:click=add>"remove"</button> }
    };
    let row = |row: &WrittenRow| {
        let name = writer_name(layer, row.writer);
        let expert = match row.writer {
            Writer::Expert(expert) if can_edit => Some(expert),
            _ => None,
        };
        let name = row.weight.map_or(name.clone(), |weight| format!("{name} × {weight:.3}"));
        view! {
            <tr>
                <th scope="row">{name} " " {expert.map(remove)}</th>
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

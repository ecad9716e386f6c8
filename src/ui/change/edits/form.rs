//! Makes an edit: which kind, with its fields, and the button that adds it.

use leptos::prelude::*;

use super::fields::FieldOf;
use super::paint_row::{PaintRow, selected_row};
use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::state::editing::forms::{Fields, Form};
use crate::ui::change::edit_menu::of_selection;
use crate::ui::erased::{Derived, effect, view};
use crate::ui::shell::page::Page;
use crate::ui::small::choice_field::ChoiceField;

/// The kind of edit, its fields, what it will be called, and "Add". Enter in a field adds it too.
#[component]
pub fn EditForm(page: Page) -> impl IntoView {
    let chosen = RwSignal::new(0_usize);
    let fields = RwSignal::new(Fields::default());
    let choices = Derived::new(|| Form::EACH.map(|form| (form.label(), form.meaning())).to_vec());
    let form = Derived::new(move || Form::EACH.get(chosen.get()).copied().unwrap_or(Form::ZeroHeads));
    let selected = of_selection(page, |state| state.selected_target());
    // What is selected goes into the fields; how much and where stays.
    effect(move || {
        selected.track();
        fields.update(|fields| (fields.query, fields.key, fields.neuron) = (None, None, None));
    });
    let result = Derived::new(move || {
        let (form, fields) = (form.get(), fields.get());
        page.with(|state| state.form_edits(form, &fields))
    });
    let add = move || {
        if let Ok((edits, _)) = result.get_untracked() {
            page.dispatch(Event::Editing(EditEvent::Added(edits)));
        }
    };
    let row = of_selection(page, selected_row);
    let can_edit = page.memo(|state| state.can_edit());
    let field = move |field| view! { <FieldOf page field fields /> };
    view! {
        <div class="edit-form" role="group" aria-label="Add an edit" class:none=move || !can_edit.get()>
        <form on:submit=move |event| {
            event.prevent_default();
            add();
        }>
            <ChoiceField id="edit-kind" label="Kind of edit" choices chosen />
            <div class="fields">{move || form.get().fields().iter().copied().map(field).collect_view()}</div>
            <div class="edit-result">
                <p role="status" aria-label="Edit to add" class:problem=move || result.with(Result::is_err)>
                    <bdi>{move || result.get().map_or_else(|problem| problem, |(_, name)| name)}</bdi>
                </p>
                <button type="submit" class="primary" prop:disabled=move || result.with(Result::is_err)>"Add"</button>
            </div>
        </form>
        </div>
        {move || row.get().map(|(row, query, names)| view! { <PaintRow page row query names /> })}
    }
}

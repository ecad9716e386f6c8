//! A field of an edit's form, whichever it is.

use leptos::prelude::*;

use super::heads_field::HeadsField;
use super::layers_field::LayersField;
use super::number_field::NumberField;
use super::position_field::PositionField;
use crate::state::editing::forms::{Field, Fields};
use crate::state::typed;
use crate::trace::Side;
use crate::ui::change::edit_menu::of_selection;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// One field.
#[component]
pub fn FieldOf(page: Page, field: Field, fields: RwSignal<Fields>) -> impl IntoView {
    let filled = of_selection(page, |state| state.filled_fields(&Fields::default()));
    let now = Derived::new(move || {
        let (filled, fields) = (filled.get(), fields.get());
        let or = |own: Option<usize>, other: Option<usize>| own.or(other);
        Fields {
            query: or(fields.query, filled.query),
            key: or(fields.key, filled.key),
            neuron: or(fields.neuron, filled.neuron),
            ..fields
        }
    });
    match field {
        Field::Heads => view! { <HeadsField page fields /> },
        Field::Layers => view! { <LayersField page fields /> },
        Field::Query => view! {
            <PositionField page side=Side::Query value=Derived::new(move || now.get().query)
                change=Box::new(move |at: Option<usize>| fields.update(|fields| fields.query = at)) />
        },
        Field::Key => view! {
            <PositionField page side=Side::Key value=Derived::new(move || now.get().key)
                change=Box::new(move |at: Option<usize>| fields.update(|fields| fields.key = at)) />
        },
        Field::Neuron => view! {
            <NumberField label="Neuron" step="1" value=Derived::new(move || now.get().neuron.map(|at| at.to_string()))
                change=Box::new(move |text: String| fields.update(|fields| fields.neuron = text.parse().ok())) />
        },
        Field::Factor => view! {
            <NumberField label="Factor" step="any" value=Derived::new(move || now.get().factor.map(|it| it.to_string()))
                change=Box::new(move |text: String| fields.update(|fields| fields.factor = typed::number(&text).map(|it| it as f32))) />
        },
        Field::Weight => view! {
            <NumberField label="Weight" step="any" value=Derived::new(move || now.get().weight.map(|it| it.to_string()))
                change=Box::new(move |text: String| fields.update(|fields| fields.weight = typed::number(&text).map(|it| it as f32))) />
        },
    }
}

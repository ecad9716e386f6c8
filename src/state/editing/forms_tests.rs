//! What forms make of their fields, and what they say of fields that do not fit.

use super::super::tests::Page;
use super::forms::{Fields, Form, HeadsAsked};
use crate::edit::{list_to_json, parse_list};
use crate::state::{Event, SelectionEvent, TokenRef};
use crate::trace::Side;

fn page() -> Page {
    let mut page = Page::with_result();
    page.event(Event::Select(SelectionEvent::HeadPicked { layer: 0, head: 2 }));
    for (side, position) in [(Side::Query, 1), (Side::Key, 3)] {
        page.event(Event::Select(SelectionEvent::PinToggled(TokenRef { side, position })));
    }
    page
}

fn name(page: &Page, form: Form, fields: &Fields) -> String {
    page.state.form_edits(form, fields).map_or_else(|problem| problem, |(_, name)| name)
}

#[test]
fn every_form_makes_edits_of_what_is_selected_that_can_be_read_back() {
    let page = page();
    let names = Form::EACH.map(|form| {
        let (edits, name) = page.state.form_edits(form, &Fields::default()).expect("an edit");
        assert_eq!(parse_list(&list_to_json(&edits)).unwrap(), edits, "{name}");
        name
    });
    assert_eq!(names[0], "Zero L0H2");
    assert_eq!(names[2], "Scale output of L0H2 × 2");
    assert_eq!(names[4], "Cut “a” (1) → “b” (3) in L0H2");
    assert_eq!(names[8], "Block “b” (3) in layer 0");
}

#[test]
fn fields_say_which_heads_layers_tokens_and_how_much() {
    let page = page();
    let fields = Fields::default();
    let all = Fields { heads: HeadsAsked::All, is_every_layer: true, ..fields.clone() };
    assert_eq!(name(&page, Form::ZeroHeads, &all), "Zero every head of all layers");
    let of_layer = Fields { heads: HeadsAsked::OfLayer, ..fields.clone() };
    assert_eq!(name(&page, Form::ZeroHeads, &of_layer), "Zero every head of layer 0");
    assert_eq!(name(&page, Form::BlockToken, &all), "Block “b” (3) in all layers");
    let (edits, _) = page.state.form_edits(Form::ScaleMlp, &Fields { factor: Some(0.0), ..fields }).unwrap();
    assert!(list_to_json(&edits).contains("hook_mlp_out"), "{edits:?}");
}

#[test]
fn a_field_that_does_not_fit_is_named() {
    let page = page();
    let fields = Fields::default();
    for (form, wrong, problem) in [
        (Form::CutLink, Fields { query: Some(9), ..fields.clone() }, "The query must be a position from 0 to 4."),
        (
            Form::ScaleNeuron,
            Fields { neuron: Some(2), ..fields.clone() },
            "The neurons of a head are numbered from 0 to 1.",
        ),
        (Form::ScaleHeads, Fields { factor: None, ..fields.clone() }, "The factor must be a number."),
        (Form::ScaleLink, Fields { factor: Some(-1.0), ..fields.clone() }, "A weight cannot be negative"),
        (Form::SetWeight, Fields { weight: Some(1.5), ..fields.clone() }, "The weight must be a number from 0 to 1."),
    ] {
        let said = name(&page, form, &wrong);
        assert!(said.starts_with(problem), "{said}");
    }
}

#[test]
fn a_causal_model_refuses_a_key_after_its_query() {
    let mut page = page();
    if let Some(shown) = &mut page.state.shown {
        shown.spec.mask = crate::trace::spec::Mask::Causal;
    }
    let said = name(&page, Form::CutLink, &Fields::default());
    assert_eq!(said, "The key (3) comes after the query (1), which cannot read it.");
}

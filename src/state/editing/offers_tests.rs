//! What is offered for each kind of thing, and that every offer is an edit that can be read back.

use super::super::tests::Page;
use super::super::*;
use super::offers::{Menu, Target};
use crate::edit::{list_to_json, parse_list};

fn names(menu: &Menu) -> Vec<(String, Vec<String>)> {
    let names =
        |group: &super::offers::Group| (group.name.clone(), group.items.iter().map(|item| item.name.clone()).collect());
    menu.groups.iter().map(names).collect()
}

fn has(menu: &Menu, group: &str, item: &str) -> bool {
    names(menu).iter().any(|(name, items)| name == group && items.iter().any(|name| name == item))
}

#[test]
fn each_thing_has_its_edits() {
    let page = Page::with_result();
    let target = Target { layer: 0, heads: vec![2], ..Target::default() };
    let head = page.state.edit_menu(&target);
    assert_eq!(head.title, "L0H2");
    assert!(has(&head, "L0H2", "Zero L0H2") && has(&head, "L0H2", "Scale output of L0H2 × 0.5"), "{head:?}");
    let edge = page.state.edit_menu(&Target { query: Some(1), key: Some(3), ..target.clone() });
    assert!(has(&edge, "“a” → “b”", "Cut “a” (1) → “b” (3) in L0H2"), "{edge:?}");
    assert!(has(&edge, "“a” → “b”", "Strengthen × 4") && has(&edge, "“a” → “b”", "Set weight to 0.5"));
    assert!(has(&edge, "“b” as a key", "Block “b” (3) in layer 0"));
    let row = page.state.edit_menu(&Target { query: Some(1), ..target.clone() });
    assert!(
        has(&row, "Row of “a”", "Even weights in its row")
            && has(&row, "“a” as a key", "Zero value of “a” (1) in layer 0")
    );
    let neuron = page.state.edit_menu(&Target { neuron: Some(1), ..target.clone() });
    assert!(has(&neuron, "Neuron 1 of L0H2", "Zero query neuron 1"));
    let all = page.state.edit_menu(&Target { heads: vec![0, 1, 2, 3], ..target });
    assert!(has(&all, "Every head of layer 0", "Zero every head of layer 0"), "{all:?}");
    for item in [head, edge, row, neuron, all].iter().flat_map(|menu| &menu.groups).flat_map(|group| &group.items) {
        assert_eq!(parse_list(&list_to_json(&item.edits)).unwrap(), item.edits, "{}", item.name);
    }
}

/// An edge over several heads is strengthened in each: their rows are not alike.
#[test]
fn several_heads_are_one_change() {
    let mut page = Page::with_result();
    let target = Target { layer: 0, heads: vec![0, 1], query: Some(1), key: Some(3), ..Target::default() };
    let menu = page.state.edit_menu(&target);
    let strengthen = menu.groups[0].items.iter().find(|item| item.name == "Strengthen × 2").unwrap().clone();
    assert_eq!(strengthen.edits.len(), 2);
    page.event(Event::Editing(EditEvent::Added(strengthen.edits)));
    assert_eq!(page.state.editing.list.len(), 2);
    page.event(Event::Editing(EditEvent::Undone));
    assert!(page.state.editing.list.is_empty());
}

/// What a layer shows is known only once its patterns are here: until then an edge can be cut, not painted.
#[test]
fn without_patterns_there_is_nothing_to_paint() {
    let page = Page::with_result();
    let target = Target { layer: 4, heads: vec![0], query: Some(1), key: Some(3), ..Target::default() };
    let menu = page.state.edit_menu(&target);
    assert_eq!(menu.groups[0].items.len(), 1, "{menu:?}");
}

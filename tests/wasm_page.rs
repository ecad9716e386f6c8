//! What the page's components are built of.
#![cfg(target_arch = "wasm32")]

use headlight::ui::erased::{Derived, effect};
use leptos::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn owner() -> Owner {
    // Starts what runs effects.
    leptos::mount::mount_to_body(|| ());
    let owner = Owner::new();
    owner.set();
    owner
}

#[wasm_bindgen_test]
fn a_derived_value_is_made_when_asked_and_again_when_its_sources_change() {
    let owner = owner();
    let n_made = StoredValue::new(0);
    let source = RwSignal::new(3);
    let half = Derived::new(move || source.get() / 2);
    let words = Derived::new(move || {
        n_made.update_value(|n| *n += 1);
        format!("{} pairs", half.get())
    });
    assert_eq!(n_made.get_value(), 0, "nobody asked");
    assert_eq!(words.get_untracked(), "1 pairs");
    source.set(2);
    assert_eq!((words.get_untracked().as_str(), n_made.get_value()), ("1 pairs", 1), "half of two is the same");
    source.set(9);
    assert_eq!((words.with_untracked(String::len), n_made.get_value()), (7, 2));
    owner.cleanup();
}

#[wasm_bindgen_test]
async fn an_effect_runs_again_when_a_derived_value_becomes_another() {
    let owner = owner();
    let seen = StoredValue::new(Vec::new());
    let source = RwSignal::new(1);
    let is_even = Derived::new(move || source.get() % 2 == 0);
    effect(move || {
        let is_even = is_even.get();
        seen.update_value(|seen| seen.push(is_even));
    });
    for value in [1, 3, 4, 6, 7] {
        source.set(value);
        leptos::task::tick().await;
    }
    assert_eq!(seen.get_value(), [false, true, false]);
    owner.cleanup();
}

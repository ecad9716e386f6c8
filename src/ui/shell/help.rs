//! The keys and what the marks mean, behind "?".

use leptos::prelude::*;

use crate::state::RUNS_MODELS;
use crate::ui::erased::view;
use crate::ui::palette::for_this_keyboard;

/// A key and what it does.
type Key = (&'static str, &'static str);

/// Keys and what they do, by where they work.
const KEYS: [(&str, &[Key]); 6] = [
    (
        "Everywhere",
        &[
            ("Ctrl+K, or /", "find a command, head, token, example or model"),
            ("Arrow keys, Enter", "choose one of them"),
        ],
    ),
    (
        "Everywhere in a view",
        &[
            ("L, Shift+L", "next and previous layer"),
            ("H, Shift+H", "next and previous head"),
            ("A", "all heads of the layer"),
            ("M", "lines or matrix"),
            ("Esc", "unpin all tokens"),
            ("?", "this list"),
        ],
    ),
    (
        "Head view",
        &[
            ("Arrow keys", "move through the tokens and to the other side"),
            ("Enter", "pin a token; several add up"),
            ("Shift+Enter on a head", "show only this head, or all"),
        ],
    ),
    (
        "Model view",
        &[
            ("Arrow keys", "move through the heads"),
            ("Enter", "select a head"),
            ("Shift+Enter", "open it in the head view"),
        ],
    ),
    (
        "Neuron view",
        &[
            ("Arrow keys", "move through the tokens"),
            ("Enter", "pin a token"),
            ("N, Shift+N", "next and previous neuron"),
        ],
    ),
    (
        "Stream view",
        &[
            ("Arrow keys, Home, End", "move through the cells"),
            ("Page Up, Page Down", "to the first and the last row"),
            ("Enter", "choose a cell"),
        ],
    ),
];

/// What is left of the keys where a model runs.
const EDIT_KEYS: [Key; 4] = [
    ("E, or right click", "edit the head, token, link or neuron"),
    ("B", "show the original, the edited result, or their change"),
    ("Ctrl+Z", "undo a change to the edits"),
    ("Ctrl+Shift+Z", "redo the change"),
];

/// After the keys that work everywhere come those of the views.
const OF_VIEWS: usize = 1;

/// What can be done with a pointer or a finger, and what marks mean.
const MARKS: [&str; 5] = [
    "Hover a token to preview its weights; click to pin it. On a touch screen, tap to preview and tap again to pin.",
    "A line runs from the token that reads (query) to the token that is read (key); its opacity is the weight. The strip behind a key \
     shows the same numbers.",
    "Click a head’s square to add or remove it; double-click shows only it, or all heads again.",
    "In the model view, click a head to select it and double-click to open it.",
    "On a touch screen, swipe sideways to turn to the next view, and rest a finger on a head, token, link or neuron to edit it.",
];

/// The dialog's content.
#[component]
pub fn Help() -> impl IntoView {
    let line = |&(key, action): &Key| {
        view! {
            <div>
                <dt>{for_this_keyboard(key)}</dt>
                <dd>{action}</dd>
            </div>
        }
    };
    let group = |(index, (place, keys)): (usize, (&'static str, &'static [Key]))| {
        let edits: &[Key] = if index == OF_VIEWS && RUNS_MODELS { &EDIT_KEYS } else { &[] };
        view! {
            <section>
                <h3>{place}</h3>
                <dl class="key-list">{keys.iter().chain(edits).map(line).collect_view()}</dl>
            </section>
        }
    };
    view! {
        <ul class="mark-list">{MARKS.map(|mark| view! { <li>{mark}</li> }).collect_view()}</ul>
        <div class="key-groups">{KEYS.into_iter().enumerate().map(group).collect_view()}</div>
    }
}

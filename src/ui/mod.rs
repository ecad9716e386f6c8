//! The page, one Leptos component per file.
//!
//! [`page::Page`] holds the state as a signal and carries out the reducer's effects; everything else is a function of
//! it. [`scene`] derives what the head view shows from it, once; [`scales`] says which of the three views are on screen,
//! [`map`] is the model view, [`neurons`] the neuron view. [`parts`] is what comes after the page itself. Another panel stands beside [`links_panel`]; [`editing`] is the column beside the views, [`edit_menu`] the menu in them. Invariant: no
//! globals, and no `style="…"` or `innerHTML`, which the Content-Security-Policy forbids.

mod address;
mod against_panel;
mod attention;
mod caution;
pub mod derived;
mod device_models;
mod dialog;
mod display_options;
mod edit_choices;
mod edit_menu;
mod editing;
mod edits_panel;
mod embed;
mod entry_fields;
mod examples;
mod head_squares;
mod head_view;
mod headings;
mod hub_lookup;
mod keyed;
mod kind_choice;
mod layer_picker;
mod legend;
mod links_panel;
mod live_region;
mod map;
mod matrix_keys;
mod model_picker;
mod more_models;
mod neurons;
mod open_trace;
mod outcome_panel;
mod page;
mod page_sources;
mod page_traces;
mod parts;
mod predictions;
mod reading;
mod save_trace;
mod scales;
mod scene;
mod scores_panel;
mod seeds;
mod segment_filter;
mod share;
mod shell;
mod show;
mod side_choice;
mod status_line;
mod sweep_panel;
mod target_field;
mod text_form;
mod theme;
mod thread_choice;
mod token_column;
mod token_figure;
mod token_text;
mod typed_tokens;
mod units;
mod view;
mod viewer;
mod worker;
mod writing_panel;

use crate::platform::page::meta;

/// Shows the page in the document's body, or the single view of a page that says it stands in a frame.
pub fn mount() {
    match meta("headlight-home").as_str() {
        "embed" => leptos::mount::mount_to_body(parts::EmbedPart),
        _ => leptos::mount::mount_to_body(shell::App),
    }
}

/// Shows the trace that is inside the document.
pub fn mount_viewer() {
    leptos::mount::mount_to_body(viewer::Viewer);
}

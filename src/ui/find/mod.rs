//! The workbench: a set of texts, what is measured of each head over it, and what was found.

mod atlas;
mod columns;
mod count_field;
mod curve;
mod curve_plot;
mod distribution;
mod excerpt;
mod given;
mod head;
mod kept;
mod made;
mod map;
mod mask;
mod mask_table;
mod measure;
mod number_fields;
mod occupations;
mod outcome_fields;
mod pause;
mod ranked;
mod recall;
mod recall_table;
mod result;
mod resume;
mod rows;
mod save;
mod save_trials;
mod score_fields;
mod scrolled_table;
mod set;
mod stop;
mod trials_progress;
mod unit_rows;
mod view;
mod weight_fields;
mod word_fields;

pub use atlas::{AtlasAt, AtlasPanels, open_atlas};
pub use pause::PauseButton;
pub use view::FindView;

use std::sync::Arc;

use super::erased::Derived;
use super::shell::page::Page;
use crate::state::find::{LoadedSet, Search, Trials};
use crate::state::{Event, FindEvent};

/// The last search and the chosen head. What is made of all rows follows this and not the state, which changes more often.
fn chosen(page: Page) -> Derived<Option<(Arc<Search>, usize)>> {
    page.memo(|state| Some((state.find.search.clone()?, state.find.head?)))
}

/// The set. What is made of all its rows follows this and not the state.
fn chosen_set(page: Page) -> Derived<Option<Arc<LoadedSet>>> {
    page.memo(|state| state.find.set.clone())
}

/// The last trials, where they are of a mask, or where they are of recall.
fn trials(page: Page, is_of_mask: bool) -> Derived<Option<Arc<Trials>>> {
    page.memo(move |state| state.find.trials.clone().filter(|trials| trials.mask.is_some() == is_of_mask))
}

/// Says what happened on the workbench.
fn send(page: Page, event: FindEvent) {
    page.dispatch(Event::Find(event));
}

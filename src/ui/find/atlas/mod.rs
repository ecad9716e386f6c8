//! Atlases of heads: made here or files of `headlight atlas`, which are shown without a model.

mod controls;
mod examples;
mod groups;
mod head;
mod likeness_note;
mod making;
mod map;
mod open;
mod panel;
mod panels;
mod picker;
mod points;
mod save;
mod section;

pub use open::{AtlasAt, open_atlas};
pub use panels::AtlasPanels;
pub use section::AtlasSection;

use std::sync::Arc;

use crate::analysis::atlas::{Likeness, likeness};
use crate::state::Event;
use crate::state::find::{AtlasEvent, OpenAtlas};
use crate::trace::numeral::with_minus;
use crate::ui::erased::Derived;
use crate::ui::shell::page::Page;

/// One atlas of those that are open.
#[derive(Clone, Copy)]
struct Shown {
    page: Page,
    /// Its place among them.
    place: usize,
    /// The atlas; nothing once it is closed.
    atlas: Derived<Option<Arc<OpenAtlas>>>,
    /// The chosen head's place in this atlas.
    head: Derived<Option<usize>>,
    /// Its heads by all scores.
    likeness: Derived<Option<Arc<Likeness>>>,
}

impl Shown {
    fn new(page: Page, place: usize) -> Self {
        let atlas = page.memo(move |state| state.find.atlas.open.get(place).cloned());
        let head = page.memo(move |state| state.find.atlas.open.get(place)?.place(state.find.atlas.head));
        let n_groups = page.memo(|state| state.find.atlas.n_groups);
        let likeness = Derived::new(move || {
            let atlas = atlas.get()?;
            let columns: Vec<Vec<f64>> =
                (0..atlas.file.metadata.scores.len()).map(|score| atlas.file.means(score)).collect();
            likeness(&columns, n_groups.get()).map(Arc::new)
        });
        Self { page, place, atlas, head, likeness }
    }

    /// Chooses a head by its place in this atlas.
    fn pick(self, head: usize) {
        if let Some(atlas) = self.atlas.get_untracked() {
            send(self.page, AtlasEvent::HeadPicked(head / atlas.file.n_heads, head % atlas.file.n_heads));
        }
    }
}

/// Says what happened to the atlases.
fn send(page: Page, event: AtlasEvent) {
    page.dispatch(Event::Find(event.into()));
}

/// A number of an atlas: four decimals, from 10 on two.
fn number(value: f64) -> String {
    let places = if value.abs() >= 10.0 { 2 } else { 4 };
    if value.is_nan() { "–".to_owned() } else { with_minus(&format!("{value:.places$}")) }
}

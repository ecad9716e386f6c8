//! The rail, the stage and the inspector, and the dividers between them.
//!
//! A wide window has them beside each other and does not scroll. In a narrow one the rail is a sheet over the page, and the inspector
//! stands under the stage.

use leptos::prelude::*;

use super::divider::Divider;
use super::inspector::Inspector;
use super::page::Page;
use super::scales::SmallMap;
use crate::render::{HeadColours, Scheme};
use crate::state::{Column, Layout, State, View};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::head::scene::Scene;
use crate::ui::small::watched::media_query;

/// From this width of the window on, rail, stage and inspector stand beside each other, as in style/shell.css.
pub const WIDE: &str = "(min-width: 1000px)";

/// Id of the rail.
pub(super) const RAIL: &str = "rail";

/// Id of the stage.
pub(super) const STAGE: &str = "stage";

/// What the columns need to know of each other.
#[derive(Clone, Copy)]
pub struct Floor {
    pub page: Page,
    /// Whether the columns stand beside each other.
    pub is_wide: RwSignal<bool>,
    pub layout: Derived<Layout>,
    /// Whether the rail's sheet is open, where the rail is one.
    pub has_sheet: RwSignal<bool>,
    /// Whether there is a rail: the model view is a map itself.
    pub can_rail: Derived<bool>,
    /// A width while it is being dragged, CSS pixels.
    pub dragged: RwSignal<Option<(Column, u16)>>,
}

impl Floor {
    /// The columns of a page.
    pub fn new(page: Page) -> Self {
        Self {
            page,
            is_wide: media_query(WIDE),
            layout: page.memo(|state| state.layout),
            has_sheet: RwSignal::new(false),
            can_rail: page.memo(|state| !state.views().contains(&View::Model)),
            dragged: RwSignal::new(None),
        }
    }

    /// Whether the rail is on screen; follows changes.
    pub fn has_rail(self) -> bool {
        let is_unfolded = if self.is_wide.get() { self.layout.get().has_rail } else { self.has_sheet.get() };
        self.can_rail.get() && is_unfolded
    }

    /// Whether the inspector is on screen; follows changes.
    pub fn has_inspector(self) -> bool {
        !self.is_wide.get() || self.layout.get().has_inspector
    }

    /// Width of a column; follows changes.
    pub fn width(self, column: Column) -> u16 {
        let dragged = self.dragged.get().filter(|(dragged, _)| *dragged == column);
        dragged.map_or_else(|| self.layout.get().width(column), |(_, width)| width)
    }
}

/// The three columns; `children` is the stage.
#[component]
pub fn Columns(
    floor: Floor,
    scene: Derived<Option<Scene>>,
    colours: Derived<HeadColours>,
    scheme: Derived<Scheme>,
    children: Children,
) -> impl IntoView {
    let Floor { page, has_sheet, is_wide, .. } = floor;
    let px = move |column: Column| format!("{}px", floor.width(column));
    // What is seen is of an earlier text.
    let is_earlier = page.memo(State::has_unrun_text);
    view! {
        <div
            class="floor"
            class:without-rail=move || !floor.has_rail()
            class:without-inspector=move || !floor.has_inspector()
            style:--rail=move || px(Column::Rail)
            style:--inspector=move || px(Column::Inspector)
        >
            <div id=RAIL class="rail" class:none=move || !floor.has_rail()>
                <Show when=move || floor.has_rail()>
                    <button type="button" class="quiet shut-sheet" on:click=move |_| has_sheet.set(false)>"Close"</button>
                    <SmallMap page scheme />
                </Show>
            </div>
            <Show when=move || is_wide.get() && floor.has_rail()>
                <Divider floor column=Column::Rail />
            </Show>
            <div id=STAGE class="stage" class:earlier=move || is_earlier.get()>{children()}</div>
            <Show when=move || is_wide.get() && floor.has_inspector()>
                <Divider floor column=Column::Inspector />
            </Show>
            <Inspector floor scene colours />
        </div>
    }
}

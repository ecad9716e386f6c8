//! The divider between a column and the stage.

use leptos::prelude::*;

use super::floor::{Floor, RAIL};
use super::inspector::INSPECTOR;
use crate::state::{Column, Event, LayoutChange, ViewEvent, Widths};
use crate::ui::erased::view;
use crate::ui::small::separator::Separator;

/// How far an arrow key moves a divider, in CSS pixels.
const STEP: i32 = 16;

/// A divider.
#[component]
pub fn Divider(floor: Floor, column: Column) -> impl IntoView {
    let Floor { page, dragged, .. } = floor;
    let widths = Widths::of(column);
    // Where the pointer came down, and how wide the column was then.
    let start = StoredValue::new(None::<(i32, u16)>);
    let keep = move |width: u16| {
        page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::Width(column, width))));
    };
    // To the right the rail becomes wider, and the inspector narrower.
    let wider = move |width: u16, by: i32| {
        let by = if column == Column::Rail { by } else { -by };
        widths.nearest(f64::from(width) + f64::from(by))
    };
    let (name, controls) = match column {
        Column::Rail => ("Width of the overview", RAIL),
        Column::Inspector => ("Width of the inspector", INSPECTOR),
    };
    view! {
        <Separator
            class="divider"
            name
            controls
            least=widths.least
            greatest=widths.greatest
            now=Box::new(move || floor.width(column))
            unit=""
            start=Box::new(move |event| start.set_value(Some((event.client_x(), floor.width(column)))))
            drag=Box::new(move |event| {
                if let Some((x, width)) = start.get_value() {
                    dragged.set(Some((column, wider(width, event.client_x() - x))));
                }
            })
            end=Box::new(move || {
                start.set_value(None);
                if let Some((_, width)) = dragged.get_untracked() {
                    keep(width);
                    dragged.set(None);
                }
            })
            step=Box::new(move |by| keep(wider(untrack(move || floor.width(column)), i32::from(by) * STEP)))
            reset=Box::new(move || keep(widths.usual))
        />
    }
}

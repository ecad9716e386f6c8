//! The divider between two views.

use leptos::prelude::*;

use crate::state::panes::SHARES;
use crate::state::{Event, LayoutChange, ViewEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::separator::{Separator, element_of};

/// How far an arrow key moves it, in hundredths of the stage.
const STEP: i16 = 2;

/// The divider.
#[component]
pub fn PaneDivider(page: Page) -> impl IntoView {
    let (least, usual, greatest) = SHARES;
    let share = page.memo(|state| state.layout.pane_share);
    let dragged = page.dragged_share();
    let is_held = StoredValue::new(false);
    let keep = move |share: u8| {
        page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::PaneShare(share))));
    };
    view! {
        <Separator
            class="pane-divider"
            name="Width of the first view"
            least=u16::from(least)
            greatest=u16::from(greatest)
            now=Box::new(move || u16::from(dragged.get().unwrap_or_else(|| share.get())))
            unit="%"
            start=Box::new(move |_| is_held.set_value(true))
            drag=Box::new(move |event| {
                let panes =
                    element_of(event).and_then(|divider| divider.parent_element()).filter(|_| is_held.get_value());
                if let Some(bounds) = panes.map(|panes| panes.get_bounding_client_rect()) {
                    let part = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0) * 100.0;
                    dragged.set(Some(part.round().clamp(f64::from(least), f64::from(greatest)) as u8));
                }
            })
            end=Box::new(move || {
                is_held.set_value(false);
                if let Some(share) = dragged.get_untracked() {
                    keep(share);
                    dragged.set(None);
                }
            })
            step=Box::new(move |by| {
                let share = i16::from(share.get_untracked()) + by * STEP;
                keep(share.clamp(i16::from(least), i16::from(greatest)) as u8);
            })
            reset=Box::new(move || keep(usual))
        />
    }
}

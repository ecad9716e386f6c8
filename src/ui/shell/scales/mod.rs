//! The view bar, and the views on screen.

mod bar;
mod beside_button;
mod breadcrumb;
mod folds;
mod small_map;
mod tabs;
mod views;

use super::page::Page;
use crate::state::View;
use crate::ui::erased::Derived;

pub use bar::ScaleBar;
pub use breadcrumb::Breadcrumb;
pub use small_map::SmallMap;
pub use views::ScaleViews;

/// Whether a view is on screen.
pub fn is_shown(page: Page, view: View) -> Derived<bool> {
    page.memo(move |state| state.views().contains(&view))
}

/// Id of a view's panel.
pub fn panel_id(view: View) -> String {
    format!("panel-{}", view.name())
}

/// Id of a view's tab.
pub fn tab_id(view: View) -> String {
    format!("tab-{}", view.name())
}

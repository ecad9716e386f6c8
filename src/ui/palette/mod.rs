//! The command palette, which finds everything by its name, and the keys that work everywhere on the page.

mod act;
mod button;
mod dialog;
mod keys;
mod option;
mod search;

pub use button::PaletteButton;
pub use dialog::Palette;
pub use keys::{for_this_keyboard, listen};

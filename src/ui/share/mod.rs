//! Links, traces and figures: sharing what is on screen, and opening a trace.

mod buttons;
mod copy_link;
mod dialog_button;
mod drop;
mod embed_button;
mod embed_code;
mod export;
mod export_button;
pub mod figure_buttons;
pub mod figures;
mod open;
mod open_button;
mod printed;
mod save;
mod save_button;
mod tools;
pub mod trace;

pub use embed_code::EmbedCode;
pub use export::{Export, ExportChoice, Format, hand_over};
pub use open::OpenTrace;
pub use printed::Printed;
pub use save::{Save, SaveChoice};
pub use tools::Tools;

//! The page as a whole: its state and effects, its layout, its address, and the other places a view can stand in.

pub mod address;
pub mod app;
pub mod attention;
mod divider;
pub mod embed;
mod fault;
mod fault_line;
mod fault_notice;
pub mod floor;
pub mod help;
mod help_button;
mod host;
mod inspector;
mod notices;
pub mod page;
pub mod pane;
pub mod scales;
mod skip_link;
pub mod status;
mod swipe;
pub mod theme;
pub mod thread_choice;
pub mod tour;
pub mod viewer;
pub mod worker;

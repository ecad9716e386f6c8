//! Traces that the page holds: opening, asking and saving them.

pub mod in_page;
pub mod reading;
pub mod save;

//! Traces the page holds: opening, reading, asking, and saving them.

pub mod in_page;
pub mod reading;
pub mod save;

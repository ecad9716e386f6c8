//! A head's page: its scores, its circuits on chosen tokens, its strongest links here, its edits.

mod circuits;
mod feeds;
mod fields;
mod links;
mod panel;
mod scores;

pub use panel::HeadPage;

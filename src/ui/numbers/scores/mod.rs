//! Head scores: a table of every head, ranked by a score or by the weight between two tokens.

mod ends;
mod head_row;
mod heading;
mod panel;
mod picker;
mod ranking;
mod seeds;
mod waiting;

pub use panel::ScoresPanel;
pub use ranking::Ranking;

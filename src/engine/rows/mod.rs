//! Rows of a set as a model reads them: tokenised and aligned before anything runs, with a reason for each row that does not fit.
//!
//! A row fits where its text has tokens that the model can read, its marked words have tokens, and what is asked for is there: an
//! answer with a place where it is predicted, a label, a second text. Of a minimal pair both versions have to fit.

mod align;
mod clusters;
mod outcome;

pub(in crate::engine) use align::no_row_fits;
pub use align::{Aligned, AlignedRow, RefusedRow, Wanted, align};
pub use clusters::clusters;
pub use outcome::RowOutcome;

//! Sets: rows of texts with roles, over which experiments run. Plain data, without a model.
//!
//! ```text
//! bytes of a file, pasted cells ─▶ read (encoding ▸ table or JSON ▸ known columns) ─▶ rows, and why others do not fit
//! word lists and templates      ─▶ made
//! rows, two words or a pattern  ─▶ linked (rows with both places marked)
//! rows ─▶ JSON Lines ─▶ hash
//! ```
//! A set is written in one way only (docs/formats.md, "Sets"), so that equal rows have equal hashes wherever they came from.

pub mod made;

mod known;
mod linked;
mod marks;
mod read;
mod row;
mod write;

pub use known::{Columns, Role};
pub use linked::{Linked, LinkedRows, READ, READING};
pub use marks::{mark_word, words_of};
pub use read::{MAX_ROWS, ReadSet, Refused, SetError, read};
pub use row::{Label, Row, Version};
pub use write::{from_json_lines, hash, to_json_lines};

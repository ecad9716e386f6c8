//! The documentation says what the program does: every test, heading and file that it names exists, and its tables are
//! the program's own lists.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

mod edits;
mod formats;
mod methods;
mod pages;
mod references;

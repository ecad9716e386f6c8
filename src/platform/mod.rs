//! What only a browser can do: messages with transferred buffers, fetch, storage, clock.
//!
//! Imports nothing of ours; used by page and worker alike.

pub mod port;

//! What only a browser can do: messages with transferred buffers, fetch, storage, clock.
//!
//! Imports nothing of ours; used by page and worker alike.

#[cfg(feature = "page")]
pub mod page;
pub mod port;
#[cfg(feature = "page")]
pub mod worker_client;

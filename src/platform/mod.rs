//! What only a browser can do: messages with transferred buffers, fetch, storage, clock.
//!
//! Imports nothing of ours; used by page and worker alike.

pub mod clock;
#[cfg(feature = "worker")]
pub mod files;
pub mod memory;
#[cfg(any(feature = "page", feature = "bench"))]
pub mod page;
pub mod port;
pub mod turn;
pub mod words;
#[cfg(any(feature = "page", feature = "bench"))]
pub mod worker_client;

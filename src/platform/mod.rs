//! What only a browser can do: messages with transferred buffers, fetch, storage, clock.
//!
//! Imports nothing of ours; used by page and worker alike.

#[cfg(any(feature = "page", feature = "worker"))]
pub mod blob_sink;
pub mod clock;
#[cfg(feature = "page")]
pub mod download;
#[cfg(feature = "worker")]
pub mod fetch;
#[cfg(feature = "worker")]
pub mod files;
#[cfg(feature = "page")]
pub mod frame;
#[cfg(feature = "page")]
pub mod kept_models;
pub mod memory;
#[cfg(any(feature = "page", feature = "bench"))]
pub mod page;
#[cfg(feature = "page")]
pub mod picked;
#[cfg(feature = "page")]
pub mod picture;
pub mod port;
#[cfg(feature = "page")]
pub mod ranged_file;
#[cfg(feature = "worker")]
pub mod read_ahead;
pub mod turn;
pub mod words;
#[cfg(any(feature = "page", feature = "bench"))]
pub mod worker_client;

/// Name of the cache of model files, which the worker fills; raised when its contents change meaning.
#[cfg(any(feature = "page", feature = "worker"))]
const MODEL_CACHE: &str = "headlight-models-2";

/// What is kept beside a file's parts: the address it was fetched from.
#[cfg(any(feature = "page", feature = "worker"))]
const KEPT_FROM: &str = "from";

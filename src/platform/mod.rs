//! What only a browser can do: messages with transferred buffers, fetch, storage, clock.
//!
//! Both the page and the worker use it.

#[cfg(any(feature = "views", feature = "worker"))]
pub mod blob_sink;
pub mod clock;
#[cfg(feature = "views")]
pub mod download;
#[cfg(feature = "views")]
pub mod fault;
#[cfg(feature = "worker")]
pub mod fetch;
#[cfg(feature = "worker")]
pub mod files;
#[cfg(feature = "views")]
pub mod frame;
#[cfg(feature = "views")]
pub mod kept_models;
pub mod locks;
pub mod memory;
#[cfg(any(feature = "views", feature = "bench"))]
pub mod page;
#[cfg(feature = "views")]
pub mod picked;
#[cfg(feature = "views")]
pub mod picture;
pub mod port;
#[cfg(feature = "views")]
pub mod ranged_file;
#[cfg(feature = "worker")]
pub mod read_ahead;
#[cfg(feature = "views")]
pub mod tab_store;
pub mod turn;
pub mod words;
#[cfg(any(feature = "views", feature = "bench"))]
pub mod worker_client;

/// Name of the cache of model files, which the worker fills. Its number rises when the contents change meaning.
#[cfg(any(feature = "views", feature = "worker"))]
const MODEL_CACHE: &str = "headlight-models-2";

/// Name of the entry beside a file's parts that holds the address it was fetched from.
#[cfg(any(feature = "views", feature = "worker"))]
const KEPT_FROM: &str = "from";

/// Name of the entry beside a file's parts that says that they are the whole file.
#[cfg(any(feature = "views", feature = "worker"))]
const KEPT_WHOLE: &str = "whole";

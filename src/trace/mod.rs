//! Captured data as plain values: what a model is, what its activations are called, its tokens, and the trace file.
//!
//! Everything that leaves the engine (to a file, the page, or Python) is made of these types.

pub mod chat;
pub mod display;
pub mod file;
pub mod hook;
pub mod numeral;
pub mod shorten;
pub mod side;
pub mod spec;
pub mod stack;
pub mod tokens;

pub use chat::{Chat, ChatMessage, Turn};
pub use display::{byte_level_token, token_bytes};
pub use hook::{Axis, BlockSite, Hook, Lengths};
pub use side::Side;
pub use spec::Spec;
pub use stack::{Attn, AttnKind, Stack, StackHook};
pub use tokens::{TokenForm, Tokens};

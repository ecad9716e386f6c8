//! Every native test, in one program: a file of `tests/` is a module of it. Linked one by one, sixty programs took longer to
//! link than to run. `cargo test --features page --test native parity::` runs one module.

/// The clock, and the counting of memory, of `cargo xtask fuzz`.
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../fuzz/src/limits.rs"]
mod limits;

/// Counts memory for `fuzzed`. A program has one allocator, so the other tests run with it too.
#[global_allocator]
static ALLOCATOR: limits::Counting = limits::Counting;

mod answers;
mod architecture;
mod attribution;
mod blocks;
mod cases;
mod chat;
mod checkpoint_table;
mod checkpoints;
mod circuits;
mod classifiers;
mod cli;
mod cli_atlas;
mod cli_attribute;
mod cli_find;
mod cli_forms;
mod cli_inside;
mod cli_out;
mod cli_traces;
mod config_keys;
mod docs;
mod editing;
mod editing_real;
mod experts;
mod feeds;
mod files;
mod find;
mod fuzzed;
mod gallery;
mod generation;
mod gguf_models;
mod gguf_rope;
mod gguf_tokenizer;
mod given_cases;
mod gradients;
mod head_scores;
mod hostile_links;
mod hostile_tokenizers;
mod hub;
mod inside;
mod inside_answers;
mod inside_lens;
mod jobs;
mod kept_links;
mod loading;
mod long_traces;
mod memory;
mod not_finite;
mod parallel_blocks;
mod parity;
mod parity_real;
mod post;
mod python;
mod python_scripts;
mod refusals;
mod saved_page;
mod sentencepiece;
mod studies;
mod style;
mod support;
mod sweeps;
mod tokenizer;
mod tokenizer_folders;
mod trace_file;
mod two_stacks;
mod words;

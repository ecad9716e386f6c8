//! Decisions on the way to a checkpoint: which files of a folder or a repository make one, what is missing, how the
//! Hugging Face Hub is asked, and how a download is resumed and checked.
//!
//! Nothing here moves bytes. The worker in a browser and the command line move them and ask here what to request next
//! and what an answer means, so both behave alike and all decisions are tested without a network.

pub mod catalogue;
mod choose;
mod error;
mod listing;
mod other_tab;
mod repo;
mod spoilt;
mod transfer;
mod unkept;

pub use choose::{Choice, Unusable, choices, convert_lines};
pub use error::SourceError;
pub use listing::{HubFile, Listing};
pub use other_tab::OtherTab;
pub use repo::{Base, Repo};
pub use spoilt::{ReadFile, dropped, spoilt};
pub use transfer::{Answer, Ask, Go, Origin, Transfer, is_page};
pub use unkept::unkept;

/// Downloads above this size are confirmed first, in bytes.
pub const ASK_BYTES: u64 = 200_000_000;

/// The largest WebAssembly memory of a browser, in bytes.
pub const MAX_MEMORY_BYTES: u64 = 1 << 32;

/// Approximate memory of the program and a run beside the weights, in bytes.
pub const WORKING_BYTES: u64 = 96 << 20;

/// A size in decimal units, as downloads are given: "548 MB", "1.2 GB".
pub fn size_words(n_bytes: u64) -> String {
    match n_bytes {
        0..1_000_000 => format!("{} kB", n_bytes.div_ceil(1_000)),
        1_000_000..10_000_000 => format!("{:.1} MB", n_bytes as f64 / 1e6),
        10_000_000..1_000_000_000 => format!("{:.0} MB", n_bytes as f64 / 1e6),
        _ => format!("{:.1} GB", n_bytes as f64 / 1e9),
    }
}

/// About how many bytes of memory the weights in these files take: their names in a checkpoint, and lengths in bytes.
pub fn weight_bytes<'a>(files: impl IntoIterator<Item = (&'a str, u64)>) -> u64 {
    let is_weights = |name: &str| [".safetensors", ".gguf"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    files.into_iter().filter(|(name, _)| is_weights(name)).fold(0, |sum, (_, n_bytes)| sum.saturating_add(n_bytes))
}

/// Sentence that says why a browser cannot hold this many bytes of weights; `None` where it can.
pub fn too_large(weight_bytes: u64) -> Option<String> {
    let needed = weight_bytes.saturating_add(WORKING_BYTES);
    (needed > MAX_MEMORY_BYTES).then(|| {
        format!(
            "It needs about {} of memory, a browser gives a page at most {}. Take a smaller quantisation, a smaller model, or only \
             its first layers; the command line has no such bound",
            size_words(needed),
            size_words(MAX_MEMORY_BYTES)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (n_bytes, words) in [(612, "1 kB"), (9_940_000, "9.9 MB"), (548_100_000, "548 MB"), (4 << 30, "4.3 GB")] {
            assert_eq!(size_words(n_bytes), words);
        }
    }

    #[test]
    fn weights_are_what_takes_memory() {
        let files = [("config.json", 600), ("model-1.safetensors", 70), ("M.GGUF", 8), ("tokenizer.json", 900)];
        assert_eq!(weight_bytes(files), 78);
        assert_eq!(weight_bytes([("a.gguf", u64::MAX), ("b.gguf", 1)]), u64::MAX);
    }

    #[test]
    fn a_billion_weights_of_four_bits_fit_and_of_32_bits_do_not() {
        assert_eq!(too_large(1_240_000_000 * 9 / 16), None);
        assert!(too_large(4_950_000_000).unwrap().contains("5.1 GB"));
        assert!(too_large(u64::MAX).is_some());
    }
}

//! Where the worker finds a model.

use serde::{Deserialize, Serialize};

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ModelSource {
    /// Files under URLs, kept in the browser's storage after the first download.
    Files {
        /// The name to show, e.g. "SmolLM2-135M-Instruct, Q4_1".
        name: String,
        /// The checkpoint's files.
        files: Vec<FileSource>,
    },
    /// Files of the Hugging Face Hub, kept in the browser's storage by commit.
    Hub {
        /// The name to show.
        name: String,
        /// The repository that holds the files.
        hub: HubSource,
        /// The checkpoint's files; of small ones the SHA-256 is empty.
        files: Vec<FileSource>,
    },
    /// Files that were picked from disk: they come beside the message, one blob each.
    Disk {
        /// The name to show.
        name: String,
        /// Which pick of this page.
        pick: u32,
        /// Their names in the checkpoint.
        files: Vec<String>,
    },
    /// Random weights of a given shape: for measuring, where no checkpoint is needed.
    Seeded {
        /// A Hugging Face config.json.
        config_json: String,
        /// Seed of the weights.
        seed: u64,
    },
}

/// A repository, for messages about its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubSource {
    /// Where the Hub or its mirror is.
    pub base: String,
    /// `owner/name[@revision]`.
    pub repo: String,
}

/// One file of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSource {
    /// The file's name in the checkpoint, e.g. "config.json".
    pub name: String,
    /// Absolute URL.
    pub url: String,
    /// Length in bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256; names the file in storage. Checked after download.
    pub sha256: String,
}

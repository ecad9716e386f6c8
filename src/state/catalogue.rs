//! The models on offer: those of `models/index.json`, and those found since.

use serde_json::Value;

use crate::fields::{Field, Fields};
use crate::protocol::{FileSource, HubSource, ModelSource};
use crate::sources::{ASK_BYTES, Base, Repo};

/// A model on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    /// Short name: that of the model's folder, which links use too.
    pub id: String,
    /// The name to show, quantisation included, e.g. "SmolLM2-135M-Instruct, Q4_1".
    pub name: String,
    /// SPDX name of its licence.
    pub licence: String,
    /// The checkpoint.
    pub files: Vec<ModelFile>,
    /// Where its files are.
    pub location: ModelLocation,
    /// Only its first layers.
    pub n_layers: Option<u32>,
}

/// Where the files of a model are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelLocation {
    /// Beside the page, at `models/<id>/<name>`.
    #[default]
    Included,
    /// On the Hub, at one commit.
    Hub {
        /// The Hub or its mirror.
        base: Base,
        /// The repository.
        repo: Repo,
        /// The commit.
        commit: String,
    },
    /// On disk: the page holds them.
    Disk {
        /// The number under which the page holds them.
        pick: u32,
    },
}

/// A file of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Its name in the checkpoint.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256; empty where it is not known.
    pub sha256: String,
}

impl ModelEntry {
    /// Length of all files in bytes.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Whether so much is downloaded for it that the reader is asked first.
    pub fn asks(&self) -> bool {
        matches!(self.location, ModelLocation::Hub { .. }) && self.size() > ASK_BYTES
    }

    /// What the worker is asked to load; `base` is the absolute URL of the page's folder, with its final slash.
    pub fn source(&self, base: &str) -> ModelSource {
        let files = |url: &dyn Fn(&str) -> String| {
            let file = |file: &ModelFile| FileSource {
                name: file.name.clone(),
                url: url(&file.name),
                size: file.size,
                sha256: file.sha256.clone(),
            };
            self.files.iter().map(file).collect()
        };
        let name = self.name.clone();
        match &self.location {
            ModelLocation::Included => {
                ModelSource::Files { name, files: files(&|file| format!("{base}models/{}/{file}", self.id)) }
            }
            ModelLocation::Hub { base, repo, commit } => {
                let hub = HubSource { base: base.as_str().to_owned(), repo: repo.id() };
                ModelSource::Hub { name, hub, files: files(&|file| base.file_url(repo, commit, file)) }
            }
            ModelLocation::Disk { pick } => {
                let files = self.files.iter().map(|file| file.name.clone()).collect();
                ModelSource::Disk { name, pick: *pick, files }
            }
        }
    }
}

impl Field for ModelEntry {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Self {
            id: fields.required("id")?,
            name: fields.required("name")?,
            licence: fields.or_default("licence")?,
            files: fields.required("files")?,
            location: ModelLocation::Included,
            n_layers: None,
        })
    }
}

impl Field for ModelFile {
    fn read(value: Value) -> Result<Self, String> {
        let mut fields = Fields::of_object(value)?;
        Ok(Self { name: fields.required("name")?, size: fields.required("size")?, sha256: fields.required("sha256")? })
    }
}

/// Reads `models/index.json`.
///
/// # Errors
/// A sentence for the reader when it is not such a list, or empty.
pub fn parse(json: &str) -> Result<Vec<ModelEntry>, String> {
    let unread = |error: &dyn std::fmt::Display| format!("models/index.json is not a list of models: {error}.");
    let list: Value = serde_json::from_str(json).map_err(|error| unread(&error))?;
    let models = Vec::<ModelEntry>::read(list).map_err(|error| unread(&error))?;
    if models.is_empty() { Err("models/index.json lists no model.".to_owned()) } else { Ok(models) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_list_and_says_what_is_wrong_with_another() {
        let json = r#"[{"id":"tiny","name":"Tiny, F32","licence":"MIT",
            "files":[{"name":"config.json","size":2,"sha256":"ab"},{"name":"model.safetensors","size":40,"sha256":"cd"}]}]"#;
        let models = parse(json).unwrap();
        assert_eq!(models[0].size(), 42);
        let ModelSource::Files { name, files } = models[0].source("http://host/path/") else { panic!("not files") };
        assert_eq!(name, "Tiny, F32");
        assert_eq!(files[1].url, "http://host/path/models/tiny/model.safetensors");
        assert!(parse("{}").unwrap_err().contains("not a list"));
        assert!(parse("[]").unwrap_err().contains("no model"));
    }
}

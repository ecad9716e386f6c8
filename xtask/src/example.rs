//! The examples: traces made by the project's own command line and shipped with the page, so that a real result is on screen
//! before any model is loaded, in the page itself and in the articles under `examples/`. They are kept in the cache under a hash of
//! the sources that make them.

use crate::models::{self, hex};
use crate::process::{capture, cargo, run, say};
use crate::{paths, stamp};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How one trace is made.
struct Example {
    /// Its path in dist/, without the extension.
    place: &'static str,
    model: Bundled,
    /// Arguments for `headlight trace`. The page takes its texts from the trace.
    args: &'static [&'static str],
    /// The largest file that is shipped.
    max_bytes: u64,
}

/// A bundled model.
#[derive(Clone, Copy)]
enum Bundled {
    MiniLm,
    SmolLm2,
}

/// The example of the first screen, which has predictions too; the others are for the articles.
const FIRST: &str = "example/first";

const EXAMPLES: [Example; 7] = [
    Example {
        place: FIRST,
        model: Bundled::MiniLm,
        args: &["--text", "The cat sat on the mat", "--text-pair", "The cat lay on the rug", "--save", "qk"],
        max_bytes: 200_000,
    },
    Example {
        place: "examples/previous-word",
        model: Bundled::MiniLm,
        args: &["--text", "The quick, brown fox jumps over the lazy"],
        max_bytes: 40_000,
    },
    Example {
        place: "examples/pronoun",
        model: Bundled::SmolLm2,
        args: &["--text", "The doctor asked the nurse a question. She"],
        max_bytes: 200_000,
    },
    Example {
        place: "examples/prefix-matching",
        model: Bundled::SmolLm2,
        args: &["--only-layers", "18", "--ids", TWICE],
        max_bytes: 400_000,
    },
    Example {
        place: "examples/decaying-neuron",
        model: Bundled::MiniLm,
        args: &["--text", "At the store, she bought apples, oranges, bananas,", "--save", "qk"],
        max_bytes: 200_000,
    },
    Example {
        place: "examples/coreference",
        model: Bundled::MiniLm,
        args: &["--text", "The manager wrote to the teacher that she would be late."],
        max_bytes: 80_000,
    },
    Example {
        place: "examples/paraphrase",
        model: Bundled::MiniLm,
        args: &["--text", "The dog followed the cat.", "--text-pair", "The cat was followed by the dog."],
        max_bytes: 80_000,
    },
];

/// Stands for the ids of the repeated block.
const TWICE: &str = "BLOCK twice";

/// BOS, and the 50 random tokens that the page draws with seed 1 for a repeated block.
const BOS: u32 = 1;
const BLOCK: [u32; 50] = [
    7361, 27751, 38238, 2315, 46521, 17024, 15525, 17781, 48552, 26518, 36705, 3070, 7616, 8842, 38824, 35387, 19299,
    27377, 18926, 9480, 34630, 33948, 36813, 18092, 14751, 14071, 28981, 30635, 3367, 30602, 4228, 2490, 27757, 40988,
    31767, 48908, 24821, 21441, 7448, 4924, 27782, 10503, 355, 32690, 41089, 15928, 26718, 24470, 28787, 5498,
];

/// Sources that the traces depend on.
const INPUTS: [&str; 8] = [
    "src/kernels",
    "src/trace",
    "src/edit",
    "src/analysis/attention.rs",
    "src/engine",
    "src/cli",
    "Cargo.lock",
    "xtask/src/example.rs",
];

impl Example {
    fn trace(&self) -> String {
        format!("{}.safetensors", self.place)
    }
}

/// Puts the examples into `dist`, and makes them first where they are not in the cache.
pub fn place(dist: &Path) -> Result<()> {
    let folder = ensure()?;
    for name in names() {
        paths::link_or_copy(&folder.join(&name), &dist.join(&name))?;
    }
    Ok(())
}

/// Whether `dist` has all examples.
pub fn is_placed(dist: &Path) -> bool {
    names().all(|name| dist.join(name).is_file())
}

/// The predictions are last: they are written when everything else is there.
fn names() -> impl Iterator<Item = String> {
    EXAMPLES.iter().map(Example::trace).chain([format!("{FIRST}.json")])
}

fn ensure() -> Result<PathBuf> {
    let mut hasher = Sha256::new();
    stamp::add_files(&mut hasher, &paths::root()?, &INPUTS)?;
    let mut id = hex(&hasher.finalize());
    id.truncate(16);
    let folder = paths::cache()?.join("example").join(&id);
    if is_placed(&folder) {
        return Ok(folder);
    }
    say("making the examples with the command line (compiled once)");
    // Nothing is fetched here, so the Hub client with its TLS need not be compiled.
    let features = ["--no-default-features", "--features", "cli"];
    run(cargo()?.args(["build", "--locked", "--package", "headlight", "--bin", "headlight"]).args(features))?;
    let mut predictions = String::new();
    for example in EXAMPLES {
        let json = make(&example, &folder)?;
        if example.place == FIRST {
            predictions = json;
        }
    }
    // Written last: an interrupted run is never taken for a whole one.
    fs::write(folder.join(format!("{FIRST}.json")), predictions).context("cannot write the example's predictions")?;
    Ok(folder)
}

/// Makes one trace; returns its predictions.
fn make(example: &Example, folder: &Path) -> Result<String> {
    let program = paths::target()?.join("debug").join(format!("headlight{}", std::env::consts::EXE_SUFFIX));
    let trace = folder.join(example.trace());
    if let Some(parent) = trace.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let args = example.args.iter().map(|&arg| if arg == TWICE { block_twice() } else { arg.to_owned() });
    let json = capture(
        Command::new(program)
            .arg("trace")
            .args(args)
            .args(["--half", "--json", "--model"])
            .arg(model(example.model, folder)?)
            .arg("--out")
            .arg(&trace),
    )?;
    let size = fs::metadata(&trace).context("the command line wrote no trace")?.len();
    if size > example.max_bytes {
        bail!("the trace {} has {size} bytes, more than {}", example.place, example.max_bytes);
    }
    Ok(json)
}

fn block_twice() -> String {
    let ids = [BOS].into_iter().chain(BLOCK).chain(BLOCK);
    ids.map(|id| id.to_string()).collect::<Vec<_>>().join(",")
}

/// A bundled model under the name that the page shows: a trace takes its model name from the file or folder.
fn model(model: Bundled, folder: &Path) -> Result<PathBuf> {
    let models = models::ensure()?;
    match model {
        Bundled::MiniLm => Ok(models.join("all-MiniLM-L6-v2")),
        Bundled::SmolLm2 => {
            let named = folder.join("SmolLM2-135M-Instruct.gguf");
            let file = models.join("SmolLM2-135M-Instruct-Q4_1/SmolLM2-135M-Instruct.Q4_1.gguf");
            paths::link_or_copy(&file, &named)?;
            Ok(named)
        }
    }
}

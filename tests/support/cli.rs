//! The command line's binary as its users meet it: what it prints, and how it fails.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

/// The command line with these arguments.
pub fn headlight(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headlight")).args(args).output().unwrap()
}

/// `headlight trace` of a model.
pub fn trace(model: &Path, args: &[&str]) -> Output {
    headlight(&[&["trace", "--model", model.to_str().unwrap()], args].concat())
}

/// Standard output of a command that must succeed, with nothing beside it but notes on the checkpoint.
#[track_caller]
pub fn succeeds(output: Output) -> String {
    let complaint = String::from_utf8(output.stderr).unwrap();
    let is_quiet = complaint.lines().all(|line| line.starts_with("note: "));
    assert!(output.status.success() && is_quiet, "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The complaint of a command that must fail with one line and exit code 1, with nothing beside it but notes on the checkpoint.
#[track_caller]
pub fn fails(output: Output) -> String {
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    assert!(complaint.ends_with('\n'), "{complaint:?}");
    let mut lines: Vec<&str> = complaint.lines().collect();
    let line = lines.pop().unwrap_or_default();
    assert!(line.starts_with("headlight: ") && lines.iter().all(|line| line.starts_with("note: ")), "{complaint:?}");
    line.to_owned()
}

/// An empty folder of this test, below the build folder.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[derive(Deserialize)]
pub struct Json {
    pub tokens: Vec<String>,
    pub input_ids: Vec<u32>,
    pub top: Vec<Top>,
}

#[derive(Deserialize)]
pub struct Top {
    pub token: String,
    pub id: u32,
    pub prob: f32,
}

/// What `--json` prints.
pub fn json(output: Output) -> Json {
    serde_json::from_str(&succeeds(output)).unwrap()
}

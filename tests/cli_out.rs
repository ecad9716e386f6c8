//! `--out` of the command line: never in place of an input, links followed, permissions kept, nothing left behind.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::cli::{fails, folder, headlight, succeeds, trace};
use crate::support::{golden, read};

const TEXT: [&str; 2] = ["--text", "The doctor asked the nurse a question."];

/// A copy of a small checkpoint.
fn checkpoint(name: &str) -> PathBuf {
    let folder = folder(name);
    for copied in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::write(folder.join(copied), read(&golden("gpt2").join(copied))).unwrap();
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_input_is_never_overwritten() {
    let model = checkpoint("out-inputs");
    let other = model.join("other.safetensors");
    succeeds(trace(&model, &[&TEXT[..], &["--save", "all", "--out", other.to_str().unwrap()]].concat()));
    let edits = model.join("edits.json");
    let json = r#"[{"kind":"patch","layer":0,"hook":"hook_resid_pre","from":"other.safetensors"}]"#;
    fs::write(&edits, json).unwrap();
    symlink(&edits, model.join("link.json")).unwrap();
    symlink("model.safetensors", model.join("link.safetensors")).unwrap();
    fs::hard_link(model.join("model.safetensors"), model.join("hard.safetensors")).unwrap();
    fs::hard_link(&edits, model.join("hard.json")).unwrap();
    // Another way to the same folder.
    let folder = model.with_extension("link");
    let _ = fs::remove_file(&folder);
    symlink(&model, &folder).unwrap();
    let before: Vec<Vec<u8>> = names(&model).iter().map(|name| fs::read(model.join(name)).unwrap()).collect();
    let outs =
        ["config.json", "tokenizer.json", "edits.json", "other.safetensors", "link.json", "hard.json", "./edits.json"];
    let outs = outs.into_iter().chain(["link.safetensors", "hard.safetensors", "model.safetensors"]);
    for out in outs.map(|out| model.join(out)).chain([folder.join("model.safetensors"), folder.join("edits.json")]) {
        let files = ["--edits", edits.to_str().unwrap(), "--out", out.to_str().unwrap()];
        for command in [&["trace"][..], &["sweep"], &["flow", "--kind", "rollout"]] {
            let args = [command, &["--model", model.to_str().unwrap()], &TEXT[..], &files[..]].concat();
            let complaint = fails(headlight(&args));
            assert!(complaint.contains("is read by this command"), "{command:?} {}: {complaint}", out.display());
        }
    }
    // A conversation is read too.
    let chat = model.join("chat.txt");
    fs::write(&chat, "[]").unwrap();
    let complaint = fails(trace(&model, &["--chat", chat.to_str().unwrap(), "--out", chat.to_str().unwrap()]));
    assert!(!complaint.is_empty() && fs::read(&chat).unwrap() == b"[]", "{complaint}");
    fs::remove_file(&chat).unwrap();
    let after: Vec<Vec<u8>> = names(&model).iter().map(|name| fs::read(model.join(name)).unwrap()).collect();
    assert!(before == after, "every file is as it was");
}

#[test]
fn links_are_followed_and_permissions_kept() {
    let folder = folder("out-links");
    fs::create_dir(folder.join("real")).unwrap();
    let real = folder.join("real/trace.safetensors");
    let link = folder.join("link.safetensors");
    symlink("real/trace.safetensors", &link).unwrap();
    let write = || succeeds(trace(&golden("gpt2"), &[&TEXT[..], &["--out", link.to_str().unwrap()]].concat()));
    write();
    assert!(real.is_file(), "a link may name a file that is yet to be made");
    fs::set_permissions(&real, Permissions::from_mode(0o600)).unwrap();
    fs::write(&real, "old").unwrap();
    write();
    assert!(link.is_symlink(), "the link is still one");
    assert!(fs::metadata(&real).unwrap().len() > 3);
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&folder.join("real")), ["trace.safetensors"]);
    let (one, two) = (folder.join("one"), folder.join("two"));
    symlink(&one, &two).unwrap();
    symlink(&two, &one).unwrap();
    let complaint = fails(trace(&golden("gpt2"), &[&TEXT[..], &["--out", one.to_str().unwrap()]].concat()));
    assert!(complaint.contains("symbolic links"), "{complaint}");
}

#[test]
fn an_interrupted_command_leaves_nothing_behind() {
    for signal in ["INT", "TERM", "HUP"] {
        interrupted(signal);
    }
}

/// The command waits for a trace that nobody writes into a pipe, with its output begun.
fn interrupted(signal: &str) {
    let folder = folder(&format!("out-interrupted-{signal}"));
    let pipe = folder.join("pipe.safetensors");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let edits = folder.join("edits.json");
    let json = r#"[{"kind":"patch","layer":0,"hook":"hook_resid_pre","from":"pipe.safetensors"}]"#;
    fs::write(&edits, json).unwrap();
    let out = folder.join("out.safetensors");
    fs::write(&out, "old").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_headlight"))
        .args(["trace", "--model", golden("gpt2").to_str().unwrap(), TEXT[0], TEXT[1]])
        .args(["--edits", edits.to_str().unwrap(), "--out", out.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = || names(&folder).iter().any(|name| name.ends_with(".partial"));
    let start = Instant::now();
    while !begun() {
        assert!(start.elapsed() < Duration::from_secs(30), "the output was not begun");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
    assert_eq!(names(&folder), ["edits.json", "out.safetensors", "pipe.safetensors"]);
    assert_eq!(fs::read(&out).unwrap(), b"old");
}

//! The command line's way to the Hub, against a server on this machine that behaves and misbehaves as servers do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::engine::golden_files;
use crate::support::golden;
use crate::support::hub::{COMMIT, Fault, Files, HubServer};
use serde_json::Value;

/// An empty cache of this test, below the build folder.
fn cache(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hub").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn trace(hub: &str, cache: &Path, model: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headlight"))
        .args(["trace", "--text", "The cat sat", "--json", "--hub", hub, "--model", model])
        .args(args)
        .env("HEADLIGHT_CACHE", cache)
        .env_remove("HF_TOKEN")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "progress is for terminals");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn fails(output: &Output) -> String {
    let complaint = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(output.stdout.is_empty() && complaint.lines().count() == 1, "{complaint}");
    complaint
}

/// What the same checkpoint gives from a folder.
fn from_folder() -> Value {
    let folder = golden("llama");
    let output = Command::new(env!("CARGO_BIN_EXE_headlight"))
        .args(["trace", "--text", "The cat sat", "--json", "--model", folder.to_str().unwrap()])
        .output()
        .unwrap();
    succeeds(&output)
}

fn weights() -> Vec<u8> {
    golden_files("llama").into_iter().find(|(name, _)| name == "model.safetensors").unwrap().1
}

fn hub_with(fault: Fault) -> HubServer {
    let hub = HubServer::start();
    let mut files = golden_files("llama");
    files.push(("README.md".to_owned(), b"# A model".to_vec()));
    files.push(("pytorch_model.bin".to_owned(), vec![1; 30_000]));
    hub.put("t/tiny", files, fault);
    hub
}

#[test]
fn a_model_of_the_hub_is_fetched_once_and_kept() {
    let (hub, cache) = (hub_with(Fault::None), cache("once"));
    let output = trace(&hub.url, &cache, "t/tiny", &[]);
    assert_eq!(succeeds(&output), from_folder());
    let mut asked = hub.asked();
    asked.sort();
    assert_eq!(asked, ["config.json", "model.safetensors", "tokenizer.json"], "and nothing else");
    let host = hub.url.split('/').nth(2).unwrap().replace(':', "_");
    assert!(cache.join("hub").join(host).join("t/tiny").join(COMMIT).join("model.safetensors").is_file());

    for model in ["t/tiny", "t/tiny@main", &format!("t/tiny@{COMMIT}")] {
        assert_eq!(succeeds(&trace(&hub.url, &cache, model, &[])), from_folder());
    }
    assert!(hub.asked().is_empty(), "everything was here");
}

#[test]
fn the_trace_says_which_commit_it_is_of() {
    let (hub, cache) = (hub_with(Fault::None), cache("commit"));
    let out = cache.join("out.safetensors");
    succeeds(&trace(&hub.url, &cache, "t/tiny", &["--out", out.to_str().unwrap()]));
    let bytes = std::fs::read(out).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..header]).unwrap();
    let metadata: Value = serde_json::from_str(header["__metadata__"]["headlight"].as_str().unwrap()).unwrap();
    assert_eq!((&metadata["model"]["name"], &metadata["model"]["revision"]), (&"t/tiny".into(), &COMMIT.into()));
}

#[test]
fn kept_files_serve_when_the_hub_does_not() {
    let (hub, cache) = (hub_with(Fault::None), cache("offline"));
    succeeds(&trace(&hub.url, &cache, "t/tiny", &[]));
    // Nothing listens on port 9, which stands for the Hub while it is down: its folder gets the files kept from this server.
    let kept = cache.join("hub").join(hub.url.split('/').nth(2).unwrap().replace(':', "_"));
    std::fs::rename(kept, cache.join("hub/127.0.0.1_9")).unwrap();
    assert_eq!(succeeds(&trace("http://127.0.0.1:9", &cache, "t/tiny", &[])), from_folder());
    let complaint = fails(&trace("http://127.0.0.1:9", &cache, "t/other", &[]));
    assert!(
        complaint.contains("127.0.0.1:9 cannot be reached") && complaint.contains("--hub or HF_ENDPOINT"),
        "{complaint}"
    );
}

#[test]
fn a_broken_connection_resumes_where_it_broke() {
    let (hub, cache) = (hub_with(Fault::Breaks(150_000)), cache("breaks"));
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
    let asked: Vec<String> = hub.asked().into_iter().filter(|path| path.starts_with("model.safetensors")).collect();
    assert_eq!(asked, ["model.safetensors", "model.safetensors from 150000", "model.safetensors from 300000"]);
}

#[test]
fn files_kept_by_an_earlier_process_are_resumed() {
    let (hub, cache) = (hub_with(Fault::None), cache("earlier"));
    let host = hub.url.split('/').nth(2).unwrap().replace(':', "_");
    let folder = cache.join("hub").join(host).join("t/tiny").join(COMMIT);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("model.safetensors.part"), &weights()[..400_000]).unwrap();
    std::fs::write(folder.join("model.safetensors.part.etag"), "\"one\"").unwrap();
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
    assert!(hub.asked().contains(&"model.safetensors from 400000".to_owned()));
    assert!(!folder.join("model.safetensors.part").exists() && !folder.join("model.safetensors.part.etag").exists());
}

#[test]
fn kept_bytes_of_other_contents_are_discarded() {
    // By its name, and, where the name is the same, by the SHA-256 of the whole.
    for (case, etag) in [("other-etag", "\"older\""), ("same-etag", "\"one\"")] {
        let (hub, cache) = (hub_with(Fault::None), cache(case));
        let host = hub.url.split('/').nth(2).unwrap().replace(':', "_");
        let folder = cache.join("hub").join(host).join("t/tiny").join(COMMIT);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("model.safetensors.part"), vec![9; 1_000]).unwrap();
        std::fs::write(folder.join("model.safetensors.part.etag"), etag).unwrap();
        assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder(), "{case}");
    }
    let (hub, cache) = (hub_with(Fault::Changes(200_000)), cache("changes"));
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
    assert!(hub.asked().contains(&"model.safetensors from 200000".to_owned()));
}

/// Bytes of a sign-in page in the place of a file's start are not continued with the rest of the file: files without a SHA-256
/// would be kept as the mixture.
#[test]
fn a_sign_in_page_becomes_part_of_no_file() {
    let (hub, cache) = (hub_with(Fault::SignIn(3)), cache("sign-in"));
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
    let asked = hub.asked();
    assert!(asked.len() == 6 && asked.iter().all(|file| !file.contains(" from ")), "{asked:?}");
    // The same of bytes that an earlier process kept without knowing whose they are.
    let (hub, cache) = (hub_with(Fault::None), self::cache("sign-in-kept"));
    let folder = kept_folder(&hub, &cache);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.json.part"), "<!doctype html>").unwrap();
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
    assert!(hub.asked().iter().all(|file| !file.contains(" from ")));
}

/// Where the commit's files are kept.
fn kept_folder(hub: &HubServer, cache: &Path) -> PathBuf {
    let host = hub.url.split('/').nth(2).unwrap().replace(':', "_");
    cache.join("hub").join(host).join("t/tiny").join(COMMIT)
}

/// The JSON and the notes of a command that succeeds.
#[track_caller]
fn notes(output: &Output) -> (Value, String) {
    let notes = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.status.success() && notes.lines().all(|line| line.starts_with("note: ")), "{notes}");
    (serde_json::from_slice(&output.stdout).unwrap(), notes)
}

#[test]
fn a_kept_file_that_cannot_be_read_is_fetched_again_once() {
    let (hub, cache) = (hub_with(Fault::None), cache("spoilt"));
    let expected = succeeds(&trace(&hub.url, &cache, "t/tiny", &[]));
    let folder = kept_folder(&hub, &cache);
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        hub.asked();
        let whole = std::fs::read(folder.join(file)).unwrap();
        let mut spoilt = whole.clone();
        spoilt[..100].fill(b'<');
        std::fs::write(folder.join(file), spoilt).unwrap();
        let (found, notes) = notes(&trace(&hub.url, &cache, "t/tiny", &[]));
        assert_eq!(found, expected, "{file}");
        assert!(
            notes.starts_with(&format!("note: {file}, kept from an earlier download, could not be read (")),
            "{notes}"
        );
        assert!(notes.ends_with("was dropped and fetched again.\n") && notes.lines().count() == 1, "{notes}");
        assert_eq!(hub.asked(), [file], "and no other");
        assert_eq!(std::fs::read(folder.join(file)).unwrap(), whole);
        assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), expected, "{file}: once is enough");
    }
    // A file that is faulty in the repository itself is fetched again only once, and a copy just fetched is not.
    let mut files = golden_files("llama");
    files[0].1.truncate(40);
    hub.put("t/tiny", files, Fault::None);
    std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    hub.asked();
    let complaint = fails(&trace(&hub.url, &cache, "t/tiny", &[]));
    assert!(complaint.contains("config.json") && !complaint.contains("dropped"), "{complaint}");
    assert_eq!(hub.asked().len(), 3);
    let complaint = fails(&trace(&hub.url, &cache, "t/tiny", &[]));
    assert!(complaint.contains("config.json, kept from an earlier download, could not be read"), "{complaint}");
    assert_eq!(hub.asked(), ["config.json"]);
    // A family that is not read is not a sign of damage.
    let mut files = golden_files("llama");
    files[0].1 = br#"{"model_type": "mamba"}"#.to_vec();
    hub.put("t/tiny", files, Fault::None);
    std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    fails(&trace(&hub.url, &cache, "t/tiny", &[]));
    hub.asked();
    let complaint = fails(&trace(&hub.url, &cache, "t/tiny", &[]));
    assert!(complaint.contains("mamba models are not read") && !complaint.contains("dropped"), "{complaint}");
    assert!(hub.asked().is_empty());
}

/// Both would write into the same unfinished files.
#[test]
fn two_command_lines_that_fetch_one_model_do_so_one_after_the_other() {
    let (hub, cache) = (hub_with(Fault::Slow(8)), cache("two"));
    let command = || {
        Command::new(env!("CARGO_BIN_EXE_headlight"))
            .args(["trace", "--text", "The cat sat", "--json", "--hub", &hub.url, "--model", "t/tiny"])
            .env("HEADLIGHT_CACHE", &cache)
            .env_remove("HF_TOKEN")
            .env("NO_PROXY", "127.0.0.1")
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let commands = [command(), command(), command()];
    let expected = from_folder();
    for command in commands {
        assert_eq!(succeeds(&command.wait_with_output().unwrap()), expected);
    }
    let mut asked = hub.asked();
    asked.sort();
    assert_eq!(asked, ["config.json", "model.safetensors", "tokenizer.json"], "the others waited for the first");
    let folder = kept_folder(&hub, &cache);
    assert_eq!(std::fs::read(folder.join("model.safetensors")).unwrap(), weights());
    assert!(!folder.join("model.safetensors.part").exists());
}

#[test]
fn a_server_that_asks_to_wait_is_waited_for() {
    let (hub, cache) = (hub_with(Fault::First(2, 429, 1)), cache("waits"));
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
    let (hub, cache) = (hub_with(Fault::First(1, 503, 1)), self::cache("waits-503"));
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/tiny", &[])), from_folder());
}

/// A mirror is anybody's, and this one speaks plain http.
#[test]
fn a_token_goes_to_a_mirror_only_when_told_to() {
    let (hub, cache) = (hub_with(Fault::None), cache("token"));
    hub.put("t/gated", golden_files("llama"), Fault::Files(401, "GatedRepo"));
    let with_token = |model: &str, args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_headlight"))
            .args(["trace", "--text", "The cat sat", "--json", "--hub", &hub.url, "--model", model])
            .args(args)
            .env("HEADLIGHT_CACHE", &cache)
            .env("HF_TOKEN", "hf_secret")
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap()
    };
    let complaint = fails(&with_token("t/gated", &[]));
    assert!(complaint.contains("t/gated is gated") && complaint.contains("HF_TOKEN was not sent to 127.0.0.1"));
    assert!(complaint.contains("--send-token sends it"), "{complaint}");
    assert_eq!(succeeds(&with_token("t/tiny", &[])), from_folder());
    assert_eq!(hub.tokens(), [""; 0]);
    let complaint = fails(&with_token("t/gated", &["--send-token"]));
    assert!(!complaint.contains("was not sent"), "{complaint}");
    let tokens = hub.tokens();
    assert!(!tokens.is_empty() && tokens.iter().all(|token| token == "Bearer hf_secret"), "{tokens:?}");
}

#[test]
fn every_fault_is_one_line_that_says_what_to_do() {
    let cases = [
        (Fault::Short, "model.safetensors: expected 428344 bytes, the server has 428334"),
        (Fault::Long, "model.safetensors: expected 428344 bytes, the server has 428354"),
        (Fault::Damaged, "model.safetensors is damaged: its SHA-256 is"),
        (Fault::Page, "answers with a web page in the place of the file: a network that wants you to sign in"),
        (Fault::BreaksWithoutRanges(100_000), "the connection broke off 5 times"),
        (Fault::First(9, 429, 3_600), "is asked too often from here (429): try again in 60 minutes"),
        (Fault::Files(401, "GatedRepo"), "t/tiny is gated: accept its conditions at http://127.0.0.1"),
        (Fault::Files(403, ""), "set HF_TOKEN for the command line"),
        (Fault::Files(404, "EntryNotFound"), "is not there any more: look t/tiny up again"),
        (Fault::Listing(401, "RepoNotFound"), "t/tiny is not there, or not public: check the spelling"),
        (Fault::Listing(403, "GatedRepo"), "t/tiny is gated"),
        (Fault::Listing(404, ""), "not there, or not public"),
        (Fault::NoListing, "answers in another form than the Hub does"),
    ];
    for (number, (fault, expected)) in cases.into_iter().enumerate() {
        let (hub, cache) = (hub_with(fault), cache(&format!("fault-{number}")));
        let complaint = fails(&trace(&hub.url, &cache, "t/tiny", &[]));
        assert!(complaint.contains(expected), "{fault:?}: {complaint}\nexpected: {expected}");
    }
    let (hub, cache) = (hub_with(Fault::None), cache("fault-names"));
    for (model, expected) in [
        ("t/none", "t/none is not there, or not public"),
        ("t/tiny@v9", "t/tiny has no revision v9"),
        ("no/such/folder", "no/such/folder: No such file"),
    ] {
        let complaint = fails(&trace(&hub.url, &cache, model, &[]));
        assert!(complaint.contains(expected), "{model}: {complaint}");
    }
    let complaint = fails(&trace("huggingface.co", &cache, "t/tiny", &[]));
    assert!(complaint.contains("begins with https://"), "{complaint}");
}

/// Writes a safetensors file of some of the tensors of another.
fn part_of(bytes: &[u8], wanted: impl Fn(usize) -> bool) -> Vec<u8> {
    let tensors = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let mut all = tensors.tensors();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let some = all.into_iter().enumerate().filter(|(index, _)| wanted(*index)).map(|(_, tensor)| tensor);
    safetensors::serialize(some, None).unwrap()
}

#[test]
fn weights_in_parts_are_one_model() {
    let (hub, cache) = (HubServer::start(), cache("parts"));
    let weights = weights();
    let mut files: Files = golden_files("llama").into_iter().filter(|(name, _)| name != "model.safetensors").collect();
    files.push(("model-00001-of-00002.safetensors".to_owned(), part_of(&weights, |index| index % 2 == 0)));
    files.push(("model-00002-of-00002.safetensors".to_owned(), part_of(&weights, |index| index % 2 == 1)));
    files.push(("model.safetensors.index.json".to_owned(), b"{}".to_vec()));
    hub.put("t/parts", files.clone(), Fault::None);
    assert_eq!(succeeds(&trace(&hub.url, &cache, "t/parts", &[])), from_folder());
    files.retain(|(name, _)| name != "model-00002-of-00002.safetensors");
    hub.put("t/less", files, Fault::None);
    let complaint = fails(&trace(&hub.url, &cache, "t/less", &[]));
    assert!(complaint.contains("t/less: model-00002-of-00002.safetensors is missing: 1 of 2 parts"), "{complaint}");
}

#[test]
fn quantisations_are_a_choice_and_large_downloads_a_question() {
    let (hub, cache) = (HubServer::start(), cache("choices"));
    let file = |name: &str, len: usize| (name.to_owned(), vec![7; len]);
    hub.put("t/quants", vec![file("m-Q4_K_M.gguf", 30_000), file("m-Q8_0.gguf", 50_000)], Fault::None);
    let complaint = fails(&trace(&hub.url, &cache, "t/quants", &[]));
    assert!(complaint.contains("choose one with --quantisation: Q4_K_M (30 kB), Q8_0 (50 kB)"), "{complaint}");
    let complaint = fails(&trace(&hub.url, &cache, "t/quants", &["--quantisation", "Q2_K"]));
    assert!(complaint.contains("no --quantisation Q2_K: it has Q4_K_M"), "{complaint}");
    assert!(hub.asked().is_empty());
    // Fetched, and then found not to be a checkpoint.
    let complaint = fails(&trace(&hub.url, &cache, "t/quants", &["--quantisation", "q8_0"]));
    assert!(complaint.contains("m-Q8_0.gguf: the start of the file"), "{complaint}");
    assert_eq!(hub.asked(), ["m-Q8_0.gguf"]);

    hub.put("t/large", vec![file("m.gguf", 200_000_001)], Fault::None);
    let complaint = fails(&trace(&hub.url, &cache, "t/large", &[]));
    assert!(complaint.contains("t/large: 200 MB to download: add --yes to agree"), "{complaint}");
    assert!(hub.asked().is_empty());
    fails(&trace(&hub.url, &cache, "t/large", &["--yes"]));
    assert_eq!(hub.asked(), ["m.gguf"]);
}

#[test]
fn weights_that_only_python_reads_come_with_three_lines() {
    let (hub, cache) = (HubServer::start(), cache("python"));
    let file = |name: &str| (name.to_owned(), vec![7; 100]);
    hub.put("t/python", vec![file("config.json"), file("pytorch_model.bin")], Fault::None);
    let complaint = fails(&trace(&hub.url, &cache, "t/python", &[]));
    assert!(complaint.contains("torch.load(\"pytorch_model.bin\"") && complaint.contains("save_file"), "{complaint}");
}

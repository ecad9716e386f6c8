//! Small inputs of public bug reports with their right values, which lie outside this repository: each agrees within 1e-4, or is refused.
//!
//! `HEADLIGHT_GIVEN=FOLDER cargo test --test native given_cases:: -- --ignored`, where the folder has `cases` (a README there says what each is) and
//! `golden-more`. `tests/cases.rs` has variants of the same kinds, which every run of the tests compares.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::engine::{Files, files_of, finished, load};
use crate::support::parity::{TOLERANCE, decoded};
use crate::support::{Case, Comparison, Tensors, cases_of, read};
use headlight::engine::tokenizer::TokenizerFiles;
use headlight::engine::{Captures, CompiledEdits, Generation, Model, Run, Written};
use headlight::trace::spec::Unembed;
use headlight::trace::{BlockSite, Hook, token_bytes};

const IDS: &[u32] = &[84, 104, 101, 32, 99, 97, 116, 115];
const BERT_IDS: &[u32] = &[2, 5, 6, 7, 8, 3];
const TARGET: &[u32] = &[0, 84, 104, 101];

/// The folder of the files; `None`, with a word, where nobody has named one.
fn given() -> Option<PathBuf> {
    let folder = std::env::var_os("HEADLIGHT_GIVEN").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: HEADLIGHT_GIVEN names no folder");
    }
    folder
}

/// The checkpoint in a folder, or in a GGUF file.
fn checkpoint(path: &Path) -> Files {
    if path.is_file() {
        return vec![(path.file_name().unwrap().to_str().unwrap().to_owned(), read(path))];
    }
    let known = TokenizerFiles::NAMES.into_iter().chain(["config.json", "generation_config.json", "model.safetensors"]);
    let names: Vec<&str> = known.filter(|name| path.join(name).exists()).collect();
    files_of(path, &names)
}

/// An array of 4-byte numbers in an .npz file, which is stored as it is.
fn array(npz: &[u8], name: &str) -> Vec<f32> {
    let entry = format!("{name}.npy");
    let at = npz.windows(entry.len()).position(|bytes| bytes == entry.as_bytes()).unwrap();
    let npy = at + npz[at..].windows(6).position(|bytes| bytes == b"\x93NUMPY").unwrap();
    let n_header = u16::from_le_bytes([npz[npy + 8], npz[npy + 9]]) as usize;
    let header = std::str::from_utf8(&npz[npy + 10..npy + 10 + n_header]).unwrap();
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    let shape = header.split_once("'shape': (").unwrap().1.split_once(')').unwrap().0;
    let n: usize = shape.split(',').filter_map(|length| length.trim().parse::<usize>().ok()).product();
    let data = &npz[npy + 10 + n_header..][..4 * n];
    data.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn run(model: &Arc<Model>, ids: &[u32]) -> Run {
    let read = |model: &Arc<Model>| {
        finished(model, model.tokens_from_ids(ids).unwrap(), CompiledEdits::none(), Captures::none())
    };
    match model.encoder() {
        Some(encoder) => decoded(model, Arc::new(read(encoder)), model.tokens_from_ids(TARGET).unwrap()),
        None => read(model),
    }
}

/// Every folder and file of `cases` in a folder, with right values beside it.
fn cases(given: &Path) -> Vec<(PathBuf, PathBuf)> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let mut found = Vec::new();
    for path in below(&given.join("cases")).iter().filter(|path| path.is_dir()).flat_map(|folder| below(folder)) {
        let folder = path.parent().unwrap();
        let reference = match path.extension().and_then(|ending| ending.to_str()) {
            Some("gguf") if path.to_str().unwrap().contains("yarn") => folder.join("ref-yarn.npz"),
            Some("gguf") => folder.join("ref-linear.npz"),
            _ => path.join("ref.npz"),
        };
        if reference.exists() {
            found.push((path, reference));
        }
    }
    found
}

#[test]
#[ignore = "reads a folder outside the repository"]
fn reported_files_agree_with_their_values() {
    let Some(given) = given() else { return };
    let cases = cases(&given);
    assert!(cases.len() >= 8, "{}", cases.len());
    for (path, reference) in cases {
        println!("{}", path.display());
        let model = load(&checkpoint(&path)).unwrap();
        let ids = if model.spec().is_causal() { IDS } else { BERT_IDS };
        if model.encoder().is_some() {
            // Only that it opens is given for two stacks.
            run(&model, ids);
            continue;
        }
        let (run, npz) = (run(&model, ids), read(&reference));
        let mut comparison = Comparison::default();
        let patterns: Vec<f32> = (0..model.spec().n_layers)
            .flat_map(|layer| run.activation(Hook::Block(layer, BlockSite::Pattern)).unwrap())
            .collect();
        comparison.check("patterns", &patterns, &array(&npz, "attn"), TOLERANCE);
        comparison.check("logits", &run.logits(0..ids.len()).unwrap(), &array(&npz, "logits"), TOLERANCE);
        comparison.finish();
    }
}

#[test]
#[ignore = "reads a folder outside the repository"]
fn reported_files_without_values_do_what_their_table_says() {
    let Some(given) = given() else { return };
    let cases = given.join("cases");
    let nan = load(&checkpoint(&cases.join("52-nan-weights/1.self_attn.q_proj-nan"))).unwrap();
    let tokens = nan.tokens_from_ids(IDS).unwrap();
    let mut run = Run::new(Arc::clone(&nan), tokens, CompiledEdits::none(), Captures::none()).unwrap();
    let message = run.complete().unwrap_err().to_string();
    assert!(message.contains("blocks.1.attn.hook_q is not finite"), "{message}");

    let bert = cases.join("16-added_tokens-json/bert");
    let ids: Vec<u32> = serde_json::from_slice(&read(&bert.join("ids.json"))).unwrap();
    assert_eq!(load(&checkpoint(&bert)).unwrap().encode("[E1] the covid cat", None).unwrap().ids, ids);

    let added = load(&checkpoint(&cases.join("30-added-tokens"))).unwrap();
    for token in ["čau", "đem", "naïve", "Ġx"] {
        let id = added.tokenizer().unwrap().token_to_id(token).unwrap();
        let shown = added.tokens_from_ids(&[id]).unwrap();
        assert_eq!(token_bytes(&shown.tokens[0], shown.form), token.as_bytes());
    }
}

/// The patterns of every attention and the logits of a text, or of a text and its target.
fn compare(model: &Arc<Model>, case: &Case, expected: &Tensors, prefix: &str) {
    let mut comparison = Comparison::default();
    let mut patterns = |run: &Run, kind: &str, site: BlockSite| {
        for layer in 0..run.model().spec().n_layers {
            let name = format!("{prefix}{kind}.{layer}");
            let found = run.activation(Hook::Block(layer, site)).unwrap();
            comparison.check(&name, &found, &expected.f32(&name), TOLERANCE);
        }
    };
    let whole = |model: &Arc<Model>, tokens| finished(model, tokens, CompiledEdits::none(), Captures::none());
    let run = match model.encoder() {
        None => {
            let run = whole(model, model.encode(&case.text, case.text_pair.as_deref()).unwrap());
            patterns(&run, "attentions", BlockSite::Pattern);
            run
        }
        Some(encoder) => {
            let source = Arc::new(whole(encoder, model.encode(&case.text, None).unwrap()));
            patterns(&source, "encoder_attentions", BlockSite::Pattern);
            let target = model.encode_target(case.text_pair.as_deref().unwrap()).unwrap();
            let run = decoded(model, source, target);
            patterns(&run, "decoder_attentions", BlockSite::Pattern);
            patterns(&run, "cross_attentions", BlockSite::CrossPattern);
            run
        }
    };
    let name = format!("{prefix}logits");
    comparison.check(&name, &run.logits(0..run.tokens().len()).unwrap(), &expected.f32(&name), TOLERANCE);
    comparison.finish();
}

#[test]
#[ignore = "reads a folder outside the repository"]
fn further_small_checkpoints_agree() {
    let Some(given) = given() else { return };
    let more = given.join("golden-more");
    for name in ["bart_untied", "qwen3_is_causal_false"] {
        let folder = more.join(name);
        let model = load(&checkpoint(&folder)).unwrap();
        let expected = Tensors::open(&folder.join("expected.safetensors"));
        for (index, case) in cases_of(&read(&folder.join("expected.json"))).iter().enumerate() {
            compare(&model, case, &expected, &format!("case{index}."));
        }
    }
    for name in ["form_gpt2_untied_AutoModel", "form_modernbert_ModernBertForSequenceClassification"] {
        let model = load(&checkpoint(&more.join("load").join(name))).unwrap();
        assert_eq!(model.spec().unembed, Unembed::None, "{name}");
        run(&model, &[5, 6, 7]);
    }
    let resaved = more.join("load/wr_resaved");
    let expected: serde_json::Value = serde_json::from_slice(&read(&resaved.join("generate.json"))).unwrap();
    let ids = |key: &str| -> Vec<u32> { serde_json::from_value(expected[key].clone()).unwrap() };
    let model = load(&checkpoint(&resaved)).unwrap();
    let encoder = model.encoder().unwrap();
    let tokens = encoder.tokens_from_ids(&ids("ids")).unwrap();
    let source = Arc::new(finished(encoder, tokens, CompiledEdits::none(), Captures::none()));
    let mut run = decoded(&model, source, model.start().unwrap());
    let mut generation = Generation::of_target(&model, 1, Some(12)).unwrap();
    while generation.step(&mut run).unwrap() != Written::End {}
    let eos_ids = &model.generation_config().eos_ids;
    let written = ids("decoder_ids").into_iter().filter(|id| !eos_ids.contains(id)).collect::<Vec<u32>>();
    assert_eq!(run.tokens().ids, written);
}

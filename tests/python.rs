//! Python and Headlight read each other's traces: every block of docs/python.md is run as it stands there, and what it writes
//! holds the numbers that the engine computes from the same checkpoint.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{fixture, golden, max_abs_difference, read};
use headlight::analysis::{AttentionSource, TraceSource};
use headlight::trace::display::token_label;
use headlight::trace::file::{Element, Parsed, SavePlan, Saved, Trace, TraceMetadata, TraceWriter, parse_header};
use headlight::trace::{Side, Spec, TokenForm};

/// A folder for one test, removed at its end.
struct Work(PathBuf);

impl Work {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("headlight-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn python(arguments: &[&Path]) -> String {
    let program = std::env::var_os("HEADLIGHT_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(program).args(arguments).output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Opens a file as the page does: header, then every number.
fn open(path: &Path) -> (Trace, Vec<u8>) {
    let bytes = read(path);
    let name = path.file_name().unwrap().to_string_lossy();
    let Parsed::Complete(trace) = parse_header(&name, bytes.len() as u64, &bytes).unwrap() else {
        panic!("{name} ends")
    };
    for piece in trace.pieces(1 << 12) {
        let data = &bytes[piece.bytes.start as usize..piece.bytes.end as usize];
        trace.decode_from(&piece.name, piece.first_row, data).unwrap();
    }
    (trace, bytes)
}

/// What the command line writes of a run of a checkpoint.
fn run_of(model: &Path, arguments: &[&str], file: &Path) -> (Trace, Vec<u8>) {
    let output = Command::new(env!("CARGO_BIN_EXE_headlight"))
        .arg("trace")
        .arg("--model")
        .arg(model)
        .args(arguments)
        .args(["--save", "qkv", "--out"])
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    open(file)
}

/// Every activation that both files hold, and how many there are.
fn activations_agree(found: &(Trace, Vec<u8>), expected: &(Trace, Vec<u8>), tolerance: f32) -> usize {
    let mut n_compared = 0;
    for (name, tensor) in &expected.0.tensors {
        if !name.contains(".hook_") || !found.0.tensors.contains_key(name) {
            continue;
        }
        assert_eq!(found.0.tensors[name].shape, tensor.shape, "{name}");
        let [found, expected] = [found, expected].map(|(trace, bytes)| decoded(trace, bytes, name));
        let (difference, _) = max_abs_difference(&found, &expected);
        assert!(difference <= tolerance, "{name}: {difference}");
        n_compared += 1;
    }
    n_compared
}

/// A whole activation of a file.
fn decoded(trace: &Trace, bytes: &[u8], name: &str) -> Vec<f32> {
    let rows = 0..trace.tensors[name].shape[0];
    let range = trace.bytes_of(name, rows).expect("a tensor of the file");
    trace.decode(name, &bytes[range.start as usize..range.end as usize]).unwrap()
}

/// Needs transformers, TransformerLens and nnsight: `cargo xtask test --only python` installs them and the package.
#[test]
#[ignore = "needs Headlight's Python package and what it reads: run cargo xtask test"]
fn real_packages_write_what_the_engine_computes() {
    let work = Work::new("docs");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = python(&[&fixture("../python/docs.py"), &root.join("docs/python.md"), &fixture("golden"), &work.0]);
    assert!(said.contains("L0H0 reads most at "), "{said}");
    let written = |name: &str| open(&work.0.join(format!("{name}.safetensors")));

    let text = "The cat sat on the mat";
    let gpt2 = run_of(&golden("gpt2"), &["--text", text], &work.0.join("engine.safetensors"));
    for (name, n_activations, tolerance) in
        [("huggingface", 3, 1e-5), ("trace", 12, 1e-4), ("half", 12, 1e-2), ("nnsight", 3, 1e-5)]
    {
        let file = written(name);
        assert_eq!(file.0.metadata.tokens, gpt2.0.metadata.tokens, "{name}");
        assert_eq!(file.0.metadata.token_form, TokenForm::ByteLevel, "{name}");
        assert_eq!(activations_agree(&file, &gpt2, tolerance), n_activations, "{name}");
    }
    // A bridge reads the token that begins a text; the tokenizer alone does not add it.
    let file = written("transformer-lens");
    let ids = ids_of(&file);
    let begun = run_of(&golden("gpt2"), &["--ids", &ids], &work.0.join("begun.safetensors"));
    assert_eq!(activations_agree(&file, &begun, 1e-4), 12);

    let words = ["--text", "translate English to German: The cat sleeps.", "--target", "Die Katze schläft."];
    let t5 = run_of(&golden("t5"), &words, &work.0.join("engine-t5.safetensors"));
    let file = written("encoder-decoder");
    assert_eq!(file.0.metadata.tokens, t5.0.metadata.tokens);
    assert_eq!(file.0.metadata.decoder_tokens, t5.0.metadata.decoder_tokens);
    assert_eq!(activations_agree(&file, &t5, 1e-4), 24, "patterns, queries, keys and values of six attentions");

    // A model of TransformerLens, saved as a checkpoint.
    let file = written("hooked");
    let hooked = run_of(&work.0, &["--ids", &ids_of(&file)], &work.0.join("engine-hooked.safetensors"));
    assert_eq!(activations_agree(&file, &hooked, 1e-4), 8);
}

/// A file's token ids as the command line takes them.
fn ids_of((trace, bytes): &(Trace, Vec<u8>)) -> String {
    let range = trace.bytes_of("input_ids", 0..trace.n_tokens()).expect("ids");
    let ids = bytes[range.start as usize..range.end as usize].chunks_exact(8);
    let ids: Vec<String> = ids.map(|id| i64::from_le_bytes(id.try_into().unwrap()).to_string()).collect();
    ids.join(",")
}

/// Writes a file of halves and of the ids 7 and 8.
fn write(file: &Path, metadata: &TraceMetadata, plan: &SavePlan) {
    let mut writer = TraceWriter::new(std::fs::File::create(file).unwrap(), metadata, plan.tensors.clone()).unwrap();
    for tensor in writer.order().to_vec() {
        let n: usize = tensor.shape.iter().product();
        match tensor.element {
            Element::I64 => writer.write_ids(&tensor.name, &[7, 8]).unwrap(),
            _ => writer.write_floats(&tensor.name, &vec![0.5; n]).unwrap(),
        }
    }
    writer.finish().unwrap();
}

/// A byte-level tokenizer writes its own tokens in letters that stand for bytes, but not those that were added to it.
#[test]
fn added_tokens_are_shown_as_they_are_written() {
    let (work, spec, added) = (Work::new("added"), Spec { d_model: 4, ..Spec::bare(1, 2, 2, 2) }, "čÖ".to_owned());
    let tokens = vec!["The".to_owned(), added.clone()];
    let metadata =
        TraceMetadata { added_tokens: vec![added.clone()], ..TraceMetadata::of_tokens(tokens, TokenForm::ByteLevel) };
    let file = work.0.join("added.safetensors");
    write(&file, &metadata, &SavePlan::new(&spec, 2, None, Saved::Qkv, Element::F16));
    let (trace, _) = open(&file);
    let tokens = TraceSource::new(trace).tokens(Side::Query).clone();
    assert_eq!(token_label(&tokens.tokens[1], tokens.form).plain, added);
}

#[test]
#[ignore = "needs Python with numpy and safetensors: run cargo xtask test"]
fn numpy_reads_written_traces() {
    let work = Work::new("numpy");
    let spec = Spec { d_model: 4, ..Spec::bare(1, 2, 2, 2) };
    let metadata = TraceMetadata {
        text: Some("a “b”".to_owned()),
        ..TraceMetadata::of_tokens(vec!["a".to_owned(), "b".to_owned()], TokenForm::Plain)
    };
    let plan = SavePlan::new(&spec, 2, None, Saved::Qkv, Element::F16);
    let file = work.0.join("ours.safetensors");
    write(&file, &metadata, &plan);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), plan.n_bytes(&metadata).unwrap(), "the size said before");
    let script = work.0.join("read.py");
    std::fs::write(
        &script,
        "import json, sys\n\
         from safetensors import safe_open\n\
         with safe_open(sys.argv[1], framework='numpy') as file:\n\
         \x20   about = json.loads(file.metadata()['headlight'])\n\
         \x20   print(about['text'], *(f'{name}:{file.get_tensor(name).dtype}{list(file.get_tensor(name).shape)}' for name in sorted(file.keys())))\n\
         \x20   print(file.get_tensor('input_ids').tolist(), float(file.get_tensor('blocks.0.attn.hook_pattern').sum()))\n",
    )
    .unwrap();
    let said = python(&[&script, &file]);
    let expected = "a “b” blocks.0.attn.hook_k:float16[2, 2, 2] blocks.0.attn.hook_pattern:float16[2, 2, 2] \
        blocks.0.attn.hook_q:float16[2, 2, 2] blocks.0.attn.hook_v:float16[2, 2, 2] blocks.0.hook_resid_pre:float16[2, 4] \
        input_ids:int64[2]\n[7, 8] 4.0\n";
    assert_eq!(said, expected);
}

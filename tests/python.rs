//! Python and Headlight read each other's traces: every block of docs/python.md is run as it stands there, and what it writes
//! is opened, with the numbers that went in.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use headlight::analysis::{AttentionSource, SourceError, TraceSource};
use headlight::trace::display::token_label;
use headlight::trace::file::{Element, Parsed, SavePlan, Saved, Trace, TraceMetadata, TraceWriter, parse_header};
use headlight::trace::{Attn, Side, Spec, Stack, TokenForm};
use support::engine::{files_of, load};
use support::parity::compare_cases;
use support::{Tensors, fixture, golden, golden_cases, max_abs_difference, read};

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

/// A head's pattern, through the source that views ask.
fn pattern(source: &mut TraceSource, bytes: &[u8], layer: usize, head: usize) -> Vec<f32> {
    loop {
        let rows = 0..source.sizes().n_query;
        match source.layer_source(layer).unwrap().pattern(head, rows) {
            Ok(pattern) => return pattern,
            Err(SourceError::Wants(range)) => {
                let data = &bytes[range.start as usize..range.end as usize];
                source.supply(range, data).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn patterns_agree(mut source: TraceSource, bytes: &[u8], expected: &Tensors, name: &str, tolerance: f32) {
    let sizes = source.sizes();
    for layer in 0..sizes.n_layers {
        let all = expected.f32(&format!("case0.{name}.{layer}"));
        for (head, expected) in all.chunks_exact(sizes.n_query * sizes.n_key).enumerate() {
            let (difference, _) = max_abs_difference(&pattern(&mut source, bytes, layer, head), expected);
            assert!(difference <= tolerance, "{name}, layer {layer}, head {head}: {difference}");
        }
    }
}

#[test]
#[ignore = "needs Python with numpy and safetensors: run cargo xtask test"]
fn the_documented_blocks_run_and_what_they_write_opens() {
    let work = Work::new("docs");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let said = python(&[&fixture("../python/docs.py"), &root.join("docs/python.md"), &fixture("golden"), &work.0]);
    assert!(said.contains("L0H0 reads most at "), "{said}");

    let gpt2 = Tensors::open(&golden("gpt2").join("expected.safetensors"));
    let case = &golden_cases("gpt2")[0];
    for (file, has_queries, tolerance) in
        [("huggingface", false, 0.0), ("transformer-lens", true, 0.0), ("half", false, 1e-3)]
    {
        let (trace, bytes) = open(&work.0.join(format!("{file}.safetensors")));
        let n_own = case.tokens.len() - usize::from(!has_queries);
        assert_eq!(trace.metadata.tokens[..n_own], case.tokens[..n_own], "{file}");
        assert_eq!(trace.metadata.model.as_ref().unwrap().name, "gpt2");
        assert_eq!(trace.tensors.contains_key("blocks.0.attn.hook_q"), has_queries, "{file}");
        patterns_agree(TraceSource::new(trace), &bytes, &gpt2, "attentions", tolerance);
    }
    let (trace, _) = open(&work.0.join("huggingface.safetensors"));
    assert_eq!(
        (trace.metadata.token_form, &trace.metadata.added_tokens[..]),
        (TokenForm::ByteLevel, &["čÖ".to_owned()][..])
    );
    let tokens = TraceSource::new(trace).tokens(Side::Query).clone();
    let shown = |token: &String| token_label(token, tokens.form).plain;
    assert_eq!(tokens.tokens.last().map(shown).as_deref(), Some("čÖ"), "as it is written");

    // A model of TransformerLens, saved as a checkpoint.
    let files = files_of(&work.0, &["config.json", "tokenizer.json", "model.safetensors"]);
    let expected = Tensors::open(&golden("attn_only").join("expected.safetensors"));
    compare_cases(&load(&files).unwrap(), &golden_cases("attn_only"), &expected);

    let t5 = Tensors::open(&golden("t5").join("expected.safetensors"));
    let case = &golden_cases("t5")[0];
    let (trace, bytes) = open(&work.0.join("encoder-decoder.safetensors"));
    for (stack, attn, name) in [
        (Stack::Encoder, Attn::Own, "encoder_attentions"),
        (Stack::Decoder, Attn::Own, "decoder_attentions"),
        (Stack::Decoder, Attn::Cross, "cross_attentions"),
    ] {
        let source = TraceSource::of(trace.clone(), stack, attn);
        let queries = if stack == Stack::Encoder { &case.tokens } else { &case.decoder_tokens };
        assert_eq!(&source.tokens(Side::Query).tokens, queries);
        patterns_agree(source, &bytes, &t5, name, 0.0);
    }
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
    let mut writer = TraceWriter::new(std::fs::File::create(&file).unwrap(), &metadata, plan.tensors.clone()).unwrap();
    for tensor in writer.order().to_vec() {
        let n: usize = tensor.shape.iter().product();
        match tensor.element {
            Element::I64 => writer.write_ids(&tensor.name, &[7, 8]).unwrap(),
            _ => writer.write_floats(&tensor.name, &vec![0.5; n]).unwrap(),
        }
    }
    writer.finish().unwrap();
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

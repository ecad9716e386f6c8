//! Small tokenizer files that ask for gigabytes, minutes or a panic, with what their refusal says: the same natively and in a browser.

use headlight::engine::tokenizer::{Tokenizer, TokenizerFiles};
use serde_json::{Value, json};

use super::gguf::{Field, GgufFile, parsed};

/// A file that is refused when it is read, or when it reads "aaaa", by its name.
pub struct Hostile {
    pub what: &'static str,
    pub expected: &'static str,
    pub read: fn() -> Result<Tokenizer, String>,
}

pub const ALL: &[Hostile] = &[
    Hostile {
        what: "extra_ids of 2³² − 100",
        expected: "extra_ids is 4294967196, more tokens than the 300 of the model",
        read: extra_ids,
    },
    Hostile {
        what: "extra_ids of 2⁶⁴ − 1",
        expected: "extra_ids is 18446744073709551615, more tokens",
        read: most_extra_ids,
    },
    Hostile {
        what: "2,500 tokens a…a",
        expected: "at most 512 are read, since every way of cutting",
        read: growing_tokens,
    },
    Hostile {
        what: "500 tokens a…a under every second letter",
        expected: "can be cut in two in too many ways",
        read: many_cuts,
    },
    Hostile { what: "a piece of 3 kB", expected: "has 3000 characters; at most 512 are read", read: one_long_piece },
    Hostile { what: "a token of 300 kB", expected: "has 300000 bytes; at most 4096 are read", read: one_long_token },
    Hostile {
        what: "templates that double a text 30 times",
        expected: "makes 1073741824 copies of a text",
        read: doubling_templates,
    },
    Hostile { what: "an added token below zero", expected: "an added token: -1 is not an id", read: added_below_zero },
    Hostile {
        what: "a mark of 100 kB on every piece",
        expected: "continuing_subword_prefix has 100000 bytes",
        read: long_mark,
    },
    Hostile { what: "a thousand steps", expected: "1000 steps; at most 256 are read", read: many_steps },
    Hostile { what: "a chain of Replace", expected: "more than 65536", read: replace_chain },
    Hostile {
        what: "a chain of Replace over an added token",
        expected: "more than 65536",
        read: replace_chain_of_added,
    },
    Hostile { what: "a chain of Replace that decodes", expected: "the decoder of its file makes", read: decoder_chain },
    Hostile {
        what: "a long Replace",
        expected: "a content of 1000 bytes; at most 64 are read",
        read: long_replacement,
    },
    Hostile {
        what: "an id of 2³² − 1",
        expected: "has id 4294967295; a vocabulary has at most 16777216 tokens",
        read: highest_id,
    },
    Hostile {
        what: "an id of 2²⁴ in vocab.json",
        expected: "has id 16777216; a vocabulary has at most",
        read: sparse_translator,
    },
    Hostile {
        what: "an added token's id of 2³² − 1",
        expected: "has id 4294967295; a vocabulary has at most",
        read: highest_added_id,
    },
    Hostile {
        what: "an id of 2³² in added_tokens_decoder",
        expected: "has id 4294967296; a vocabulary has at most",
        read: listed_id,
    },
    Hostile {
        what: "BPE without a type",
        expected: "merge 0 (\"aaaa\" and \"bbbb\"): \"aaaabbbb\" is not in the vocabulary",
        read: untyped_bpe,
    },
    Hostile {
        what: "words of any length",
        expected: "max_input_chars_per_word is 4294967296; at most 1000",
        read: long_words,
    },
    Hostile {
        what: "a number beyond 32 bits",
        expected: "the number 4294967296 is larger than any",
        read: wide_number,
    },
];

impl Hostile {
    /// Panics unless the file is refused for its reason.
    pub fn is_refused(&self) {
        let refused = match (self.read)() {
            Ok(tokenizer) => {
                let tokens = tokenizer.encode("aaaa", None, false).and_then(|tokens| tokenizer.decode(&tokens.ids));
                tokens.err().map(|error| error.to_string())
            }
            Err(message) => Some(message),
        };
        let message = refused.unwrap_or_else(|| panic!("{} is accepted", self.what));
        assert!(message.contains(self.expected), "{}: {message}", self.what);
        assert!(message.len() < 500, "{}: {} bytes", self.what, message.len());
    }
}

fn json_file(json: &Value) -> Result<Tokenizer, String> {
    let bytes = serde_json::to_vec(json).unwrap();
    Tokenizer::from_tokenizer_json("tokenizer.json", &bytes).map_err(|error| error.to_string())
}

fn bpe(change: impl Fn(&mut Value)) -> Result<Tokenizer, String> {
    let mut json = json!({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}});
    change(&mut json);
    json_file(&json)
}

fn t5(extra_ids: &str) -> Result<Tokenizer, String> {
    let files = TokenizerFiles {
        pieces: Some(("spiece.model".to_owned(), include_bytes!("../fixtures/sentencepiece/t5/spiece.model").to_vec())),
        config: Some(format!("{{\"extra_ids\":{extra_ids}}}").into_bytes()),
        ..TokenizerFiles::default()
    };
    files.tokenizers("t5", 300).map(|tokenizers| tokenizers.own).map_err(|error| error.to_string())
}

fn extra_ids() -> Result<Tokenizer, String> {
    t5("4294967196")
}

fn most_extra_ids() -> Result<Tokenizer, String> {
    t5("18446744073709551615")
}

/// A GGUF file with these SentencePiece pieces.
fn gguf(pieces: Vec<String>) -> Result<Tokenizer, String> {
    let n_pieces = pieces.len();
    let file = GgufFile::default()
        .text("tokenizer.ggml.model", "llama")
        .field("tokenizer.ggml.scores", Field::F32s(vec![0.0; n_pieces]))
        .field("tokenizer.ggml.tokens", Field::Texts(pieces))
        .field("tokenizer.ggml.bos_token_id", Field::U32(0));
    Tokenizer::from_gguf(&parsed(&file.bytes())).map_err(|error| error.to_string())
}

fn growing_tokens() -> Result<Tokenizer, String> {
    gguf((1..=2_500).map(|n| "a".repeat(n)).collect())
}

fn many_cuts() -> Result<Tokenizer, String> {
    gguf(["a", "b", "c", "d"].iter().flat_map(|letter| (1..=500).map(|n| letter.repeat(n))).collect())
}

fn one_long_piece() -> Result<Tokenizer, String> {
    gguf(vec!["a".to_owned(), "a".repeat(3_000)])
}

fn doubling_templates() -> Result<Tokenizer, String> {
    let (a, b) = (json!({"Sequence": {"id": "A", "type_id": 0}}), json!({"Sequence": {"id": "B", "type_id": 0}}));
    let twice = json!({"type": "TemplateProcessing", "single": [a, a], "pair": [a, b], "special_tokens": {}});
    bpe(|json| json["post_processor"] = json!({"type": "Sequence", "processors": vec![twice.clone(); 30]}))
}

fn added_below_zero() -> Result<Tokenizer, String> {
    let token = json!({"id": -1, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    bpe(|json| json["added_tokens"] = json!([token]))
}

fn long_mark() -> Result<Tokenizer, String> {
    bpe(|json| json["model"]["continuing_subword_prefix"] = json!("#".repeat(100_000)))
}

fn many_steps() -> Result<Tokenizer, String> {
    bpe(|json| json["normalizer"] = json!({"type": "Sequence", "normalizers": vec![json!({"type": "NFC"}); 1_000]}))
}

fn one_long_token() -> Result<Tokenizer, String> {
    gguf(vec!["a".to_owned(), "a".repeat(300_000)])
}

fn doubling(n: usize) -> Vec<Value> {
    vec![json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}); n]
}

fn replace_chain() -> Result<Tokenizer, String> {
    bpe(|json| json["normalizer"] = json!({"type": "Sequence", "normalizers": doubling(40)}))
}

fn replace_chain_of_added() -> Result<Tokenizer, String> {
    bpe(|json| {
        json["normalizer"] = json!({"type": "Sequence", "normalizers": doubling(40)});
        json["added_tokens"] = json!([{"id": 3, "content": "aba", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": true, "special": false}]);
    })
}

fn decoder_chain() -> Result<Tokenizer, String> {
    bpe(|json| json["decoder"] = json!({"type": "Sequence", "decoders": doubling(40)}))
}

fn long_replacement() -> Result<Tokenizer, String> {
    let content = "x".repeat(1_000);
    bpe(|json| json["normalizer"] = json!({"type": "Replace", "pattern": {"String": "a"}, "content": content}))
}

fn highest_id() -> Result<Tokenizer, String> {
    bpe(|json| json["model"]["vocab"]["ab"] = json!(4_294_967_295_u32))
}

fn sparse_translator() -> Result<Tokenizer, String> {
    let pieces = include_bytes!("../fixtures/sentencepiece/marian/source.spm").to_vec();
    let files = TokenizerFiles {
        vocab_json: Some(br#"{"</s>": 0, "<unk>": 1, "<pad>": 16777216}"#.to_vec()),
        source_pieces: Some(pieces.clone()),
        target_pieces: Some(pieces),
        ..TokenizerFiles::default()
    };
    files.tokenizers("marian", 300).map(|tokenizers| tokenizers.own).map_err(|error| error.to_string())
}

fn highest_added_id() -> Result<Tokenizer, String> {
    bpe(|json| {
        json["added_tokens"] = json!([{"id": 4_294_967_295_u32, "content": "<x>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}]);
    })
}

fn listed_id() -> Result<Tokenizer, String> {
    let json = json!({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}});
    let files = TokenizerFiles {
        tokenizer_json: Some(serde_json::to_vec(&json).unwrap()),
        config: Some(br#"{"added_tokens_decoder": {"4294967296": {"content": "<x>"}}}"#.to_vec()),
        ..TokenizerFiles::default()
    };
    files.tokenizers("llama", 300).map(|tokenizers| tokenizers.own).map_err(|error| error.to_string())
}

fn untyped_bpe() -> Result<Tokenizer, String> {
    json_file(&json!({"model": {"vocab": {"aaaa": 0, "bbbb": 1}, "merges": ["aaaa bbbb"]}}))
}

fn long_words() -> Result<Tokenizer, String> {
    json_file(&json!({"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 4_294_967_296_u64, "vocab": {"[UNK]": 0}}}))
}

fn wide_number() -> Result<Tokenizer, String> {
    bpe(|json| json["pre_tokenizer"] = json!({"type": "FixedLength", "length": 4_294_967_296_u64}))
}

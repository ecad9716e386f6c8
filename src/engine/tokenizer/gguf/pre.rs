//! How text is split before BPE: the names in `tokenizer.ggml.pre`, all that llama.cpp knows, with the patterns that they stand for.
//!
//! The patterns are those of the tokenizer.json that each file was converted from, applied one after another: what a pattern matches is
//! a part of its own, and so is what lies between two matches.

use serde_json::{Value, json};

use super::super::class::{piece_decoder, replace};

/// A way to split, and what else its name says.
#[derive(Debug)]
pub(super) struct Pre {
    pub names: &'static [&'static str],
    /// Applied in this order.
    pub patterns: &'static [&'static str],
    pub text: Text,
    /// Whether a part that is a token is looked up whole.
    pub ignores_merges: bool,
    /// Whether a text begins with BOS unless the file says otherwise.
    pub adds_bos: bool,
}

/// What parts of a text become before they are joined to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Characters of GPT-2's alphabet, one per byte.
    Bytes,
    /// Bytes after characters were composed (NFC).
    ComposedBytes,
    /// Characters, with "▁" for a space and pieces for bytes that are unknown.
    Pieces,
    /// Characters as they are.
    Characters,
}

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Words, single digits, signs, and spaces; as Qwen 2 splits.
pub(in super::super) const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Words by their case, with English endings.
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const CJK: &str = "[一-龥\u{3040}-ゟ゠-ヿ]+";
const DEEPSEEK3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;
/// Digits in groups of three, counted from the end of the number.
const THREES: &str = r"\p{Nd}{1,3}(?=(?:\p{Nd}{3})*(?!\p{Nd}))";
const BLOOM: &str = r" ?[^(\s|.,!?…。，、।۔،)]+";
/// A line, or the ends of several.
const LINES: &str = r"[^\n]+|[\n]+";

impl Pre {
    const fn bytes(names: &'static [&'static str], patterns: &'static [&'static str]) -> Self {
        Pre { names, patterns, text: Text::Bytes, ignores_merges: false, adds_bos: false }
    }

    const fn whole(self) -> Self {
        Pre { ignores_merges: true, ..self }
    }

    const fn begun(self) -> Self {
        Pre { adds_bos: true, ..self }
    }

    const fn reading(self, text: Text) -> Self {
        Pre { text, ..self }
    }

    /// The way of a name.
    pub fn named(name: &str) -> Option<&'static Pre> {
        ALL.iter().find(|pre| pre.names.contains(&name))
    }

    /// What a tokenizer.json would say as its normalizer.
    pub fn normalizer(&self) -> Value {
        match self.text {
            Text::ComposedBytes => json!({"type": "NFC"}),
            Text::Pieces => replace(json!({"String": " "}), "▁"),
            Text::Bytes | Text::Characters => Value::Null,
        }
    }

    /// What a tokenizer.json would say as its pre-tokenizer.
    pub fn pre_tokenizer(&self) -> Value {
        let split = |pattern: &&str| json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
        let mut parts: Vec<Value> = self.patterns.iter().map(split).collect();
        if matches!(self.text, Text::Bytes | Text::ComposedBytes) {
            parts.push(
                json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}),
            );
        }
        json!({"type": "Sequence", "pretokenizers": parts})
    }

    /// What a tokenizer.json would say as its decoder.
    pub fn decoder(&self) -> Value {
        match self.text {
            Text::Bytes | Text::ComposedBytes => {
                json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false})
            }
            Text::Pieces => piece_decoder(true, false),
            Text::Characters => Value::Null,
        }
    }
}

/// All ways. The first is that of files from before the names existed.
pub(super) const ALL: &[Pre] = &[
    Pre::bytes(
        &[
            "gpt-2",
            "phi-2",
            "jina-es",
            "jina-de",
            "gigachat",
            "jina-v2-es",
            "jina-v2-de",
            "a.x-4.0",
            "mellum",
            "modern-bert",
            "jina-v1-en",
            "jina-v2-code",
            "roberta-bpe",
            "exaone4",
            "mpt",
            "olmo",
            "jais",
            "trillion",
            "granite-docling",
        ],
        &[GPT2],
    ),
    Pre::bytes(&["default"], &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"]),
    Pre::bytes(
        &[
            "llama3",
            "llama-v3",
            "llama-bpe",
            "falcon3",
            "falcon-h1",
            "pixtral",
            "midm-2.0",
            "lfm2",
            "jina-v5-nano",
        ],
        &[LLAMA3],
    )
    .whole()
    .begun(),
    Pre::bytes(&["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], &[LLAMA3]),
    Pre::bytes(
        &["jais-2"],
        &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}",
        ],
    ),
    Pre::bytes(
        &["deepseek-llm"],
        &[
            "[\r\n]",
            // Letters with case, of the scripts that the tokenizer's own list holds.
            r"\s?[\p{Lu}\p{Ll}\p{Lt}--[\x{10d0}-\x{10ff}\x{1c80}-\x{1c8f}\x{a790}-\x{a7ff}\x{ab30}-\x{ab6f}\x{16e40}-\x{16e7f}\x{1d400}-\x{1d7cb}]]+",
            "\\s?[!-/:-~！-／：-～‘-‟\u{3000}-。]+",
            "\\s+$",
            "[一-龥\u{800}-一가-\u{d7ff}]+",
            "\\p{N}+",
        ],
    ),
    Pre::bytes(
        &["deepseek-coder"],
        &["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥\u{800}-一가-\u{d7ff}]+", r"\p{N}"],
    ),
    Pre::bytes(&["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"], &[r"\p{N}{1,3}", CJK, DEEPSEEK3]),
    Pre::bytes(
        &["spark2_5"],
        &[
            r"\p{N}{1,3}",
            CJK,
            r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+"##,
            r"\p{N}",
        ],
    ),
    Pre::bytes(
        &["youtu"],
        &[
            "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-\u{303f}︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u{3040}-ゟ゠-ヿ]+",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    )
    .whole(),
    Pre::bytes(&["falcon"], &[r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"]),
    Pre::bytes(
        &["starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"],
        &[r"\p{N}", GPT2],
    ),
    Pre::bytes(&["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez"], &[QWEN2]).reading(Text::ComposedBytes),
    Pre::bytes(&["stablelm2", "hunyuan", "solar-open", "grok-2"], &[QWEN2]),
    Pre::bytes(
        &["qwen35"],
        &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    )
    .reading(Text::ComposedBytes),
    Pre::bytes(&["bloom", "gpt3-finnish", "poro-chat"], &[BLOOM]),
    Pre::bytes(&["viking"], &[BLOOM, r"\p{N}"]),
    Pre::bytes(
        &["tekken"],
        &[
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    )
    .whole()
    .begun(),
    Pre::bytes(
        &["chameleon"],
        &[
            "<sentinel:[0-9]+>",
            "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
            r"([\t\n]|    |  )",
            r"\p{N}",
            r"[\p{P}!-/:-@\[-`{-~]",
            GPT2,
        ],
    )
    .begun(),
    Pre::bytes(&["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], &[GPT4O]),
    Pre::bytes(&["granite-embed-multi-97m"], &[GPT4O]).whole(),
    Pre::bytes(&["tiny_aya", "cohere2moe"], &[r"\d{1,3}(?=(?:\d{3})*\b)", GPT4O]),
    Pre::bytes(&["superbpe"], &[r"\p{N}+", THREES]),
    Pre::bytes(
        &["bailingmoe", "bailingmoe2", "llada-moe"],
        &[
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        ],
    ),
    Pre::bytes(
        &["seed-coder"],
        &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    ),
    Pre::bytes(
        &["kimi-k2"],
        &[
            r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    ),
    Pre::bytes(
        &["ufakzeka"],
        &[r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"],
    ),
    Pre::bytes(
        &["afmoe"],
        &[
            THREES,
            "[一-鿿㐀-䶿豈-\u{faff}\u{3040}-ゟ゠-ヿ･-ﾟ⼀-\u{2fdf}เ-\u{e7f}\u{e80}-\u{eff}ក-\u{17ff}က-႟ꩠ-ꩿꧠ-\u{a9ff}가-\u{d7af}ᄀ-ᇿ]+",
            DEEPSEEK3,
        ],
    ),
    Pre::bytes(&["laguna"], &[LINES, QWEN2]),
    Pre::bytes(
        &["exaone-moe"],
        &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
        ],
    ),
    Pre::bytes(
        &["minicpm5"],
        &[
            r"\p{N}{1,3}",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    )
    .whole(),
    Pre::bytes(&["gemma4", "granite-embed-multi-311m"], &[LINES]).reading(Text::Pieces).whole().begun(),
    Pre::bytes(&["sarvam-moe"], &[LINES]).reading(Text::Pieces),
    Pre::bytes(&["whitespace"], &[r"\S+"]).reading(Text::Characters),
];

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use tokenizers::pre_tokenizers::PreTokenizerWrapper;
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _};

    use super::*;

    /// Parts by llama.cpp's own patterns and another engine for them (`tests/fixtures/make_gguf_splits.py`).
    const EXPECTED: &str = include_str!("../../../../tests/fixtures/gguf_splits.json");

    #[derive(Deserialize)]
    struct Case {
        names: Vec<String>,
        text: String,
        parts: Vec<String>,
    }

    #[test]
    fn each_name_splits_as_llama_cpp_does() {
        let cases: Vec<Case> = serde_json::from_str(EXPECTED).unwrap();
        let mut checked = std::collections::HashSet::new();
        for case in cases {
            for name in case.names {
                let pre = Pre::named(&name).unwrap_or_else(|| panic!("{name} is not in the table"));
                let splitter: PreTokenizerWrapper =
                    serde_json::from_value(pre.pre_tokenizer()).unwrap_or_else(|error| panic!("{name}: {error}"));
                let mut text = PreTokenizedString::from(case.text.as_str());
                splitter.pre_tokenize(&mut text).unwrap();
                let splits = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
                let parts: Vec<&str> = splits.iter().map(|(_, (start, end), _)| &case.text[*start..*end]).collect();
                assert_eq!(parts, case.parts, "{name}");
                checked.insert(name);
            }
        }
        let names: Vec<&str> = ALL.iter().flat_map(|pre| pre.names).copied().collect();
        let unchecked: Vec<&&str> = names.iter().filter(|name| !checked.contains(**name)).collect();
        assert!(unchecked.is_empty(), "{unchecked:?} have no text");
        assert_eq!(names.len(), checked.len(), "a name stands twice in the table");
    }
}

//! The tokenizer classes of transformers: which one reads a folder, and what each makes of a vocabulary.
//!
//! A class with parts of its own (how text is normalised and split, what is put around it) goes before what a tokenizer.json says of
//! them, and takes only the vocabulary, the merges and the character map of that file. So transformers 5 does it, and so the switches
//! of a tokenizer_config.json (`do_lower_case`, `add_prefix_space`, …) take effect. Other classes take tokenizer.json as it is.

use serde_json::{Value, json};

use super::settings::{Role, Settings};

/// A class with parts of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Bert,
    MpNet,
    Cohere,
    Esm,
    Gpt2,
    GptNeoX,
    Roberta,
    Qwen2,
    Llama,
    Gemma,
    Albert,
    Deberta,
}

/// What a vocabulary has to be of, to be taken by a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModelKind {
    WordPiece,
    Bpe,
    Unigram,
}

/// How text is split and put together again, in the words of a tokenizer.json.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    pub normalizer: Value,
    pub pre_tokenizer: Value,
    pub decoder: Value,
    pub around: Around,
}

/// What is put around a text.
#[derive(Clone, Debug)]
pub(super) enum Around {
    /// The part is written as in a tokenizer.json.
    Given(Value),
    /// Around one text and around two.
    Pieces([Vec<Piece>; 2]),
    /// Cls A sep, cls A sep sep B sep; offsets without spaces.
    Roberta { cls: String, sep: String, trim_offsets: bool, add_prefix_space: bool },
}

/// A text or a token beside it, with its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    A(u32),
    B(u32),
    Token(String, u32),
}

impl Default for Around {
    fn default() -> Self {
        Around::Given(Value::Null)
    }
}

/// Classes by model type, for folders that name none.
const REGISTERED: [(&str, Class); 27] = [
    ("albert", Class::Albert),
    ("bart", Class::Roberta),
    ("bert", Class::Bert),
    ("codegen", Class::Gpt2),
    ("cohere", Class::Cohere),
    ("cohere2", Class::Cohere),
    ("deberta-v2", Class::Deberta),
    ("distilbert", Class::Bert),
    ("electra", Class::Bert),
    ("esm", Class::Esm),
    ("gemma", Class::Gemma),
    ("gemma2", Class::Gemma),
    ("gemma3", Class::Gemma),
    ("gemma3_text", Class::Gemma),
    ("gpt2", Class::Gpt2),
    ("gpt_neo", Class::Gpt2),
    ("gpt_neox", Class::GptNeoX),
    ("gptj", Class::Gpt2),
    ("mpnet", Class::MpNet),
    ("mpt", Class::GptNeoX),
    ("olmo", Class::GptNeoX),
    ("opt", Class::Gpt2),
    ("phi", Class::Gpt2),
    ("qwen2", Class::Qwen2),
    ("qwen3", Class::Qwen2),
    ("roberta", Class::Roberta),
    ("starcoder2", Class::Gpt2),
];

/// Model types that take tokenizer.json as it is, whatever class a folder names.
const AS_THEY_ARE: [&str; 10] =
    ["glm", "glm4", "gpt_bigcode", "granite", "mistral", "modernbert", "olmo2", "olmo3", "phi3", "stablelm"];

impl Class {
    /// The class that reads a folder of a `model_type`; none for one without parts of its own. `is_byte_level`: whether there is a
    /// tokenizer.json that splits text into bytes.
    pub fn of(settings: &Settings, model_type: &str, is_byte_level: bool) -> Option<Class> {
        match settings.class.as_deref() {
            None => Class::registered(model_type),
            // Folders of this type name a wrong class so often that none is believed.
            Some(_) if model_type == "qwen2" => Class::registered(model_type),
            // Many files in Llama 3's form still name Llama 2's class.
            Some("LlamaTokenizer") if is_byte_level => None,
            Some(_) if AS_THEY_ARE.contains(&model_type) => None,
            Some(name) => Class::by_name(name),
        }
    }

    /// The class of a model type, where no file names one.
    pub fn registered(model_type: &str) -> Option<Class> {
        REGISTERED.iter().find(|(known, _)| *known == model_type).map(|(_, class)| *class)
    }

    fn by_name(name: &str) -> Option<Class> {
        Some(match name {
            "BertTokenizer" | "DistilBertTokenizer" | "ElectraTokenizer" => Class::Bert,
            "MPNetTokenizer" => Class::MpNet,
            "CohereTokenizer" => Class::Cohere,
            "EsmTokenizer" => Class::Esm,
            "GPT2Tokenizer" => Class::Gpt2,
            "GPTNeoXTokenizer" => Class::GptNeoX,
            "RobertaTokenizer" | "BartTokenizer" => Class::Roberta,
            "Qwen2Tokenizer" => Class::Qwen2,
            "LlamaTokenizer" => Class::Llama,
            "GemmaTokenizer" => Class::Gemma,
            "AlbertTokenizer" => Class::Albert,
            "DebertaV2Tokenizer" => Class::Deberta,
            _ => return None,
        })
    }

    /// What its vocabulary is of.
    pub fn model_kind(self) -> ModelKind {
        match self {
            Class::Bert | Class::Esm | Class::MpNet => ModelKind::WordPiece,
            Class::Albert | Class::Deberta => ModelKind::Unigram,
            _ => ModelKind::Bpe,
        }
    }

    /// The token of a role where no file names one.
    pub fn default_token(self, role: Role) -> Option<&'static str> {
        use Role::*;
        match (self, role) {
            (Class::Bert | Class::Deberta, Unk) => Some("[UNK]"),
            (Class::Bert | Class::Albert | Class::Deberta, Sep) => Some("[SEP]"),
            (Class::Bert | Class::Deberta, Pad) => Some("[PAD]"),
            (Class::Bert | Class::Albert | Class::Deberta, Cls) => Some("[CLS]"),
            (Class::Bert | Class::Albert | Class::Deberta, Mask) => Some("[MASK]"),
            (Class::Esm, Unk) => Some("<unk>"),
            (Class::Esm, Cls) => Some("<cls>"),
            (Class::Esm, Eos | Sep) => Some("<eos>"),
            (Class::Esm, Pad) => Some("<pad>"),
            (Class::Esm, Mask) => Some("<mask>"),
            (Class::MpNet, Unk) => Some("[UNK]"),
            (Class::MpNet | Class::Roberta, Bos | Cls) => Some("<s>"),
            (Class::MpNet | Class::Roberta, Eos | Sep) => Some("</s>"),
            (Class::MpNet | Class::Roberta | Class::Albert | Class::Gemma, Pad) => Some("<pad>"),
            (Class::MpNet | Class::Roberta | Class::Gemma, Mask) => Some("<mask>"),
            (Class::Roberta | Class::Llama | Class::Albert | Class::Gemma, Unk) => Some("<unk>"),
            (Class::Llama, Bos) => Some("<s>"),
            (Class::Llama, Eos) => Some("</s>"),
            (Class::Gemma, Bos) => Some("<bos>"),
            (Class::Gemma, Eos) => Some("<eos>"),
            (Class::Albert | Class::Deberta, Bos) => Some("[CLS]"),
            (Class::Albert | Class::Deberta, Eos) => Some("[SEP]"),
            (Class::Gpt2 | Class::GptNeoX, Bos | Eos | Unk) | (Class::Qwen2, Eos | Unk | Pad) => Some("<|endoftext|>"),
            (Class::GptNeoX, Pad) => Some("<|padding|>"),
            (Class::Cohere, Unk) => Some("<UNK>"),
            (Class::Cohere, Bos) => Some("<BOS_TOKEN>"),
            (Class::Cohere, Eos) => Some("<|END_OF_TURN_TOKEN|>"),
            (Class::Cohere, Pad) => Some("<PAD>"),
            (Class::Cohere, Cls) => Some("<CLS>"),
            (Class::Cohere, Sep) => Some("<SEP>"),
            (Class::Cohere, Mask) => Some("<MASK_TOKEN>"),
            _ => None,
        }
    }

    /// Returns the class's parts. `given` holds those of a tokenizer.json beside the vocabulary, if there is one.
    pub fn parts(self, settings: &Settings, given: Option<Parts>) -> Parts {
        let has_json = given.is_some();
        let given = given.unwrap_or_default();
        let name = |role| self.named(settings, role);
        let prefix = settings.add_prefix_space.unwrap_or(false);
        // What a tokenizer.json puts around a text stays; without one, the switches say.
        let around = if has_json { given.around } else { bos_and_eos(settings, name) };
        match self {
            Class::Bert | Class::MpNet => {
                let (cls, sep) = (name(Role::Cls).unwrap_or_default(), name(Role::Sep).unwrap_or_default());
                let around = match self {
                    Class::Bert => cls_and_sep(&cls, &sep),
                    _ => Around::Roberta { cls, sep, trim_offsets: true, add_prefix_space: false },
                };
                Parts {
                    normalizer: json!({
                        "type": "BertNormalizer", "clean_text": true,
                        "handle_chinese_chars": settings.tokenize_chinese_chars.unwrap_or(true),
                        "strip_accents": settings.strip_accents, "lowercase": settings.do_lower_case.unwrap_or(true),
                    }),
                    pre_tokenizer: json!({"type": "BertPreTokenizer"}),
                    decoder: json!({"type": "WordPiece", "prefix": "##", "cleanup": true}),
                    around,
                }
            }
            // What text is split into is the vocabulary itself: `files` knows it.
            Class::Esm => {
                let (cls, eos) = (name(Role::Cls).unwrap_or_default(), name(Role::Eos).unwrap_or_default());
                Parts { around: cls_and_sep(&cls, &eos), ..Parts::default() }
            }
            Class::Gpt2 => {
                Parts { pre_tokenizer: bytes(prefix, true), decoder: bytes(true, true), around, ..Parts::default() }
            }
            Class::GptNeoX => Parts {
                normalizer: json!({"type": "NFC"}),
                pre_tokenizer: bytes(prefix, true),
                decoder: bytes(true, true),
                // With a tokenizer.json the switches are not read, and what it puts around a text is not taken either.
                around: if has_json { plain() } else { around },
            },
            Class::Cohere => Parts {
                normalizer: json!({"type": "NFC"}),
                pre_tokenizer: json!({"type": "Sequence", "pretokenizers": [
                    {"type": "Digits", "individual_digits": true}, bytes(prefix, true),
                ]}),
                decoder: bytes(prefix, true),
                around,
            },
            Class::Roberta => Parts {
                pre_tokenizer: bytes(prefix, true),
                decoder: bytes(true, true),
                around: Around::Roberta {
                    cls: name(Role::Cls).unwrap_or_default(),
                    sep: name(Role::Sep).unwrap_or_default(),
                    trim_offsets: settings.trim_offsets.unwrap_or(true),
                    add_prefix_space: prefix,
                },
                ..Parts::default()
            },
            Class::Qwen2 => Parts {
                normalizer: json!({"type": "NFC"}),
                pre_tokenizer: json!({"type": "Sequence", "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": super::gguf::QWEN2}, "behavior": "Isolated", "invert": false},
                    bytes(prefix, false),
                ]}),
                decoder: bytes(true, true),
                around,
            },
            Class::Llama => {
                let has_prefix = settings.add_prefix_space.unwrap_or(true);
                let scheme = match (has_prefix, settings.legacy.unwrap_or(false)) {
                    (false, _) => "never",
                    (true, true) => "always",
                    (true, false) => "first",
                };
                Parts {
                    normalizer: Value::Null,
                    pre_tokenizer: json!({
                        "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": false,
                    }),
                    decoder: piece_decoder(true, has_prefix),
                    around,
                }
            }
            Class::Gemma => Parts {
                normalizer: replace(json!({"String": " "}), "▁"),
                pre_tokenizer: json!({
                    "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false,
                }),
                decoder: piece_decoder(true, false),
                around,
            },
            Class::Albert => self.albert(settings, &given.normalizer),
            // The file's own character map is not taken.
            Class::Deberta => {
                let lower = settings.do_lower_case.unwrap_or(false).then(|| json!({"type": "Lowercase"}));
                let more = [
                    replace(json!({"Regex": r"\s{2,}|[\n\r\t]"}), " "),
                    json!({"type": "NFC"}),
                    json!({"type": "Strip", "strip_left": false, "strip_right": true}),
                ];
                let apart = settings.split_by_punct.then(|| json!({"type": "Punctuation", "behavior": "Isolated"}));
                let scheme = if settings.add_prefix_space.unwrap_or(true) { "always" } else { "first" };
                let metaspace =
                    json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true});
                let split: Vec<Value> = apart.into_iter().chain([metaspace.clone()]).collect();
                Parts {
                    normalizer: json!({"type": "Sequence", "normalizers": lower.into_iter().chain(more).collect::<Vec<_>>()}),
                    pre_tokenizer: json!({"type": "Sequence", "pretokenizers": split}),
                    decoder: metaspace,
                    around: cls_and_sep(&name(Role::Cls).unwrap_or_default(), &name(Role::Sep).unwrap_or_default()),
                }
            }
        }
    }

    fn albert(self, settings: &Settings, given: &Value) -> Parts {
        let mut normalizers = albert_normalizers(settings.keep_accents, settings.do_lower_case);
        normalizers.extend(charsmap(given));
        let scheme = if settings.add_prefix_space.unwrap_or(true) { "always" } else { "never" };
        let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true});
        Parts {
            normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
            pre_tokenizer: json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}),
            decoder: metaspace,
            around: cls_and_sep("[CLS]", "[SEP]"),
        }
    }

    fn named(self, settings: &Settings, role: Role) -> Option<String> {
        settings.named(role, self.default_token(role)).map(|token| token.content)
    }
}

/// What ALBERT does to a text before the file's own character map.
pub(super) fn albert_normalizers(keep_accents: Option<bool>, do_lower_case: Option<bool>) -> Vec<Value> {
    let mut steps = vec![replace(json!({"String": "``"}), "\""), replace(json!({"String": "''"}), "\"")];
    if !keep_accents.unwrap_or(false) {
        steps.extend([json!({"type": "NFKD"}), json!({"type": "StripAccents"})]);
    }
    if do_lower_case.unwrap_or(true) {
        steps.push(json!({"type": "Lowercase"}));
    }
    steps
}

/// The token that begins a text and the one that ends it, where the configuration says so.
pub(super) fn bos_and_eos(settings: &Settings, name: impl Fn(Role) -> Option<String>) -> Around {
    let token_if = |switch: Option<bool>, role| switch.unwrap_or(false).then(|| name(role)).flatten();
    let (bos, eos) = (token_if(settings.add_bos_token, Role::Bos), token_if(settings.add_eos_token, Role::Eos));
    let around = |text: Piece, segment: u32| {
        let token = |token: &Option<String>| token.clone().map(|token| Piece::Token(token, segment));
        token(&bos).into_iter().chain([text]).chain(token(&eos)).collect::<Vec<Piece>>()
    };
    let first = around(Piece::A(0), 0);
    let both = first.iter().cloned().chain(around(Piece::B(1), 1)).collect();
    Around::Pieces([first, both])
}

/// [CLS] A [SEP], [CLS] A [SEP] B [SEP].
fn cls_and_sep(cls: &str, sep: &str) -> Around {
    let token = |token: &str, segment| Piece::Token(token.to_owned(), segment);
    let first = vec![token(cls, 0), Piece::A(0), token(sep, 0)];
    let both = first.iter().cloned().chain([Piece::B(1), token(sep, 1)]).collect();
    Around::Pieces([first, both])
}

/// Nothing around a text.
fn plain() -> Around {
    Around::Pieces([vec![Piece::A(0)], vec![Piece::A(0), Piece::B(1)]])
}

/// Bytes as GPT-2 writes them; `use_regex`: split by its pattern first.
fn bytes(add_prefix_space: bool, use_regex: bool) -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": use_regex})
}

pub(super) fn replace(pattern: Value, content: &str) -> Value {
    json!({"type": "Replace", "pattern": pattern, "content": content})
}

/// Pieces of SentencePiece to text.
pub(super) fn piece_decoder(has_bytes: bool, has_prefix: bool) -> Value {
    let mut steps = vec![replace(json!({"String": "▁"}), " ")];
    if has_bytes {
        steps.push(json!({"type": "ByteFallback"}));
    }
    if has_bytes || has_prefix {
        steps.push(json!({"type": "Fuse"}));
    }
    if has_prefix {
        steps.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    json!({"type": "Sequence", "decoders": steps})
}

/// The character map in a normalizer.
fn charsmap(normalizer: &Value) -> Option<Value> {
    let is_map = |part: &&Value| part.get("type").and_then(Value::as_str) == Some("Precompiled");
    match normalizer.get("normalizers").and_then(Value::as_array) {
        Some(parts) => parts.iter().find(is_map).cloned(),
        None => Some(normalizer).filter(is_map).cloned(),
    }
}

//! Tokenizers: tokenizer.json, the older files, and SentencePiece's own. What can be read must also split any text.

use headlight::engine::tokenizer::{Tokenizer, TokenizerError, TokenizerFiles};

use super::fixture;

/// What each tokenizer that can be read is given.
const TEXTS: [&str; 6] = [
    "",
    "The cats sat.",
    "naïve 北京 🙂\u{200f}",
    "</s><s>[MASK]<extra_id_0>",
    " \t\n\u{3000}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

fn used(tokenizer: Result<Tokenizer, TokenizerError>) {
    let tokenizer = match tokenizer {
        Ok(tokenizer) => tokenizer,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for text in TEXTS {
        if let Ok(tokens) = tokenizer.encode(text, Some(text), true) {
            assert_eq!(tokens.ids.len(), tokens.tokens.len());
            assert_eq!(tokens.ids.len(), tokens.special.len());
            let _ = tokenizer.decode(&tokens.ids);
        }
    }
    let _ = (tokenizer.from_ids(&[0, 3, u32::MAX]), tokenizer.id_to_token(u32::MAX), tokenizer.n_vocab());
}

/// tokenizer.json.
pub fn json(data: &[u8]) {
    used(Tokenizer::from_tokenizer_json("tokenizer.json", data));
}

pub fn json_seeds() -> Vec<Vec<u8>> {
    ["bert", "gpt2", "t5", "xlm_roberta"].map(|name| fixture(&format!("golden/{name}/tokenizer.json"))).into()
}

const ARCHITECTURES: [&str; 8] = ["bert", "gpt2", "roberta", "electra", "bart", "opt", "mpnet", "distilbert"];

/// vocab.txt, or vocab.json with merges.txt, and tokenizer_config.json, with a byte 1 between them; the first byte says for which
/// architecture.
pub fn older_files(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let architecture = ARCHITECTURES[usize::from(first % 16) % ARCHITECTURES.len()];
    let mut parts = rest.split(|byte| *byte == 1).map(<[u8]>::to_vec);
    let files = if first & 16 == 0 {
        TokenizerFiles { vocab_txt: parts.next(), config: parts.next(), ..TokenizerFiles::default() }
    } else {
        TokenizerFiles {
            vocab_json: parts.next(),
            merges: parts.next(),
            config: parts.next(),
            ..TokenizerFiles::default()
        }
    };
    used(files.tokenizers(architecture, 64).map(|tokenizers| tokenizers.own));
}

pub fn older_files_seeds() -> Vec<Vec<u8>> {
    let words = b"\x00[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\nsat\n.\n".to_vec();
    let with_config = [&words[..], b"\x01{\"do_lower_case\":true,\"strip_accents\":null}"].concat();
    let bytes = b"\x11{\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"<mask>\":4,\"t\":5,\"h\":6,\"e\":7,\"th\":8,\"the\":9}\x01#version: 0.2\nt h\nth e\n\x01{\"add_prefix_space\":true}".to_vec();
    vec![words, with_config, [&[0x12], &bytes[1..]].concat(), bytes]
}

/// A SentencePiece model; the first byte says for which architecture.
pub fn sentencepiece(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let architecture = ["t5", "albert", "xlm-roberta", "camembert", "llama", "gemma"][usize::from(*first) % 6];
    let pieces = Some(("spiece.model".to_owned(), rest.to_vec()));
    used(
        TokenizerFiles { pieces, ..TokenizerFiles::default() }
            .tokenizers(architecture, 300)
            .map(|tokenizers| tokenizers.own),
    );
}

pub fn sentencepiece_seeds() -> Vec<Vec<u8>> {
    let seed = |number: u8, path: &str| [&[number][..], &fixture(&format!("sentencepiece/{path}"))].concat();
    vec![
        seed(0, "albert/spiece.model"),
        seed(1, "albert/spiece.model"),
        seed(2, "xlm_roberta/sentencepiece.bpe.model"),
        seed(3, "camembert/sentencepiece.bpe.model"),
        seed(0, "marian/source.spm"),
    ]
}

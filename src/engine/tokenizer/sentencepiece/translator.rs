//! A translator's tokenizers (Marian's opus-mt models): source.spm and target.spm split the texts of either side, and vocab.json
//! gives the pieces of both the ids that the model knows.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::limits::n_ids;
use super::super::settings::Settings;
use super::super::{Tokenizer, TokenizerError};
use super::file::SpmFile;
use super::{Way, as_they_are, assemble_way, refuse};

/// Ids by which a model knows its tokens, where they are not those of the file that splits text.
#[derive(Debug)]
pub(in super::super) struct Names {
    /// Tokens by the model's ids, some of which may have no token.
    tokens: HashMap<u32, String>,
    n_tokens: usize,
    ids: HashMap<String, u32>,
    unknown: u32,
}

/// vocab.json.
pub(in super::super) struct Vocabulary(Arc<Names>);

impl Names {
    /// The model's id of a piece of text.
    pub fn id_or_unknown(&self, piece: &str) -> u32 {
        self.id(piece).unwrap_or(self.unknown)
    }

    /// The id of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// The token of an id.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(&id).map(String::as_str)
    }

    /// One more than the highest id.
    pub fn n_tokens(&self) -> usize {
        self.n_tokens
    }
}

impl Vocabulary {
    /// Reads the file; `file` is its name for messages.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, TokenizerError> {
        let ids: HashMap<String, u32> =
            serde_json::from_slice(bytes).map_err(|error| refuse(file, format!("cannot be read: {error}")))?;
        let missing = ["</s>", "<unk>", "<pad>"].into_iter().find(|token| !ids.contains_key(*token));
        if let Some(missing) = missing {
            return Err(refuse(file, format!("{missing} is missing, which a translator has")));
        }
        let n_tokens = n_ids(file, &ids)?;
        let tokens = ids.iter().map(|(token, &id)| (id, token.clone())).collect();
        let unknown = ids["<unk>"];
        Ok(Self(Arc::new(Names { tokens, n_tokens, ids, unknown })))
    }

    /// The tokenizer of one side, from its model file: A </s>. A language in front, as in ">>fra<< Hello", is one token.
    pub fn tokenizer(&self, name: &str, bytes: &[u8]) -> Result<Tokenizer, TokenizerError> {
        let spm = SpmFile::parse(name, bytes)?;
        let Self(names) = self;
        let is_language = |token: &&String| token.starts_with(">>") && token.ends_with("<<");
        let mut languages: Vec<String> = names.ids.keys().filter(is_language).cloned().collect();
        languages.sort_by_key(|language| names.ids[language]);
        let mut specials = ["</s>", "<unk>", "<pad>"].map(str::to_owned).to_vec();
        specials.append(&mut languages);
        let way = Way {
            pieces: as_they_are(&spm),
            unknown: spm.unknown,
            specials,
            takes_space: "",
            around: ["A:0 </s>:0", "A:0 B:0 </s>:0"],
            before: Vec::new(),
        };
        Ok(assemble_way(name, &spm, way, &Settings::default())?.with_names(Arc::clone(names)))
    }
}

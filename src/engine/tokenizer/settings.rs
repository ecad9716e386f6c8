//! What stands beside a vocabulary: tokenizer_config.json, special_tokens_map.json and added_tokens.json.
//!
//! They are read as transformers reads them: `added_tokens_decoder` of the configuration, where it is there, goes before the two
//! other files, which older versions wrote.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::TokenizerError;
use super::limits::check_id;

/// Names of the files.
pub(super) const CONFIG: &str = "tokenizer_config.json";
pub(super) const SPECIAL_TOKENS_MAP: &str = "special_tokens_map.json";
pub(super) const ADDED_TOKENS: &str = "added_tokens.json";

/// The key of further special tokens, and its older name.
const EXTRA: &str = "extra_special_tokens";
const OLDER_EXTRA: &str = "additional_special_tokens";

/// Roles of tokens with a name of their own, in the order in which transformers adds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Bos,
    Eos,
    Unk,
    Sep,
    Pad,
    Cls,
    Mask,
}

impl Role {
    pub const ALL: [(Role, &'static str); 7] = [
        (Role::Bos, "bos_token"),
        (Role::Eos, "eos_token"),
        (Role::Unk, "unk_token"),
        (Role::Sep, "sep_token"),
        (Role::Pad, "pad_token"),
        (Role::Cls, "cls_token"),
        (Role::Mask, "mask_token"),
    ];
}

/// What the files say. A switch that no file names is `None`: its meaning depends on the tokenizer's class.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Whether there is a tokenizer_config.json.
    pub has_config: bool,
    /// `tokenizer_class` without its "Fast".
    pub class: Option<String>,
    pub do_lower_case: Option<bool>,
    pub strip_accents: Option<bool>,
    pub tokenize_chinese_chars: Option<bool>,
    pub keep_accents: Option<bool>,
    /// Whether punctuation stands apart from words.
    pub split_by_punct: bool,
    pub add_prefix_space: Option<bool>,
    pub trim_offsets: Option<bool>,
    pub legacy: Option<bool>,
    pub add_bos_token: Option<bool>,
    pub add_eos_token: Option<bool>,
    /// Whether special tokens in a text are text.
    pub splits_special: bool,
    /// Marian: whether either side has a vocabulary of its own.
    pub separate_vocabs: bool,
    /// T5: how many tokens stand for gaps.
    pub n_extra_ids: Option<u64>,
    /// Tokens with a role. A name whose value is null has none; one that is missing has its class's.
    named: Vec<(Role, Option<AddedToken>)>,
    /// Tokens with a name that only this model has, as `image_token`.
    pub specific: Vec<AddedToken>,
    /// Further special tokens.
    pub extra: Vec<AddedToken>,
    /// Whether the further ones are those of the configuration, so that neither an older file nor a model of pieces adds to them.
    pub lists_extra: bool,
    /// Tokens that are found before a text is split, by their ids.
    pub added: BTreeMap<u32, AddedToken>,
    /// Whether the configuration lists them itself.
    pub lists_added: bool,
}

/// The files by their bytes, as far as they are there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Files<'a> {
    pub config: Option<&'a [u8]>,
    pub special_tokens_map: Option<&'a [u8]>,
    pub added_tokens: Option<&'a [u8]>,
}

impl Settings {
    /// Reads the files. `own_added`: the added tokens of a tokenizer.json beside them, with their ids.
    pub fn read(files: Files<'_>, own_added: &[(u32, AddedToken)]) -> Result<Self, TokenizerError> {
        let config = files.config.map(|bytes| object(CONFIG, bytes)).transpose()?;
        let mut settings = Settings { has_config: config.is_some(), ..Settings::default() };
        let config = config.unwrap_or_default();
        let reader = Reader { file: CONFIG, fields: &config };
        settings.switches(reader)?;
        settings.named_of(reader)?;
        settings.extra_of_config(reader)?;
        if let Some(listed) = reader.get("added_tokens_decoder") {
            settings.lists_added = true;
            for (id, token) in listed.as_object().ok_or_else(|| reader.refuse("added_tokens_decoder", "an object"))? {
                let id: u64 = id.parse().map_err(|_| reader.refuse("added_tokens_decoder", "ids as keys"))?;
                let token = listed_token(token).ok_or_else(|| reader.refuse("added_tokens_decoder", "added tokens"))?;
                let id = check_id(CONFIG, token.content.as_str(), id)?;
                settings.added.insert(id, token);
            }
        } else {
            settings.legacy_tokens(files, own_added)?;
        }
        settings.with_flags_of_added();
        Ok(settings)
    }

    /// The token of a role; `default` where no file names one.
    pub fn named(&self, role: Role, default: Option<&str>) -> Option<AddedToken> {
        match self.named.iter().rev().find(|(known, _)| *known == role) {
            Some((_, token)) => token.clone(),
            None => default.map(|default| AddedToken::from(default, true)),
        }
    }

    /// Gives a role its token, or says that it has none.
    pub fn set_named(&mut self, role: Role, token: Option<AddedToken>) {
        self.named.push((role, token));
    }

    fn switches(&mut self, reader: Reader<'_>) -> Result<(), TokenizerError> {
        self.class =
            reader.text("tokenizer_class")?.map(|class| class.strip_suffix("Fast").unwrap_or(class).to_owned());
        self.do_lower_case = reader.switch("do_lower_case")?;
        self.strip_accents = reader.switch("strip_accents")?;
        self.tokenize_chinese_chars = reader.switch("tokenize_chinese_chars")?;
        self.keep_accents = reader.switch("keep_accents")?;
        self.split_by_punct = reader.switch("split_by_punct")?.unwrap_or(false);
        self.add_prefix_space = reader.switch("add_prefix_space")?;
        self.trim_offsets = reader.switch("trim_offsets")?;
        self.legacy = reader.switch("legacy")?;
        self.add_bos_token = reader.switch("add_bos_token")?;
        self.add_eos_token = reader.switch("add_eos_token")?;
        self.splits_special = reader.switch("split_special_tokens")?.unwrap_or_default();
        self.separate_vocabs = reader.switch("separate_vocabs")?.unwrap_or_default();
        self.n_extra_ids = match reader.get("extra_ids") {
            Some(number) => Some(number.as_u64().ok_or_else(|| reader.refuse("extra_ids", "a whole number"))?),
            None => None,
        };
        Ok(())
    }

    /// Tokens with a role, or with a name that only this model has, of either file that names them.
    fn named_of(&mut self, reader: Reader<'_>) -> Result<(), TokenizerError> {
        for (key, value) in reader.fields {
            match (Role::ALL.iter().find(|(_, known)| known == key), value) {
                (Some((role, _)), Value::Null) => self.named.push((*role, None)),
                (Some((role, _)), value) => {
                    let token = special_token(value).ok_or_else(|| reader.refuse(key, "a token"))?;
                    self.named.push((*role, Some(token)));
                }
                (None, Value::String(text)) if key.ends_with("_token") => {
                    self.specific.push(AddedToken::from(text.clone(), true));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Further special tokens of the configuration: a list under its newer name, or else under its older one. An object names them.
    fn extra_of_config(&mut self, reader: Reader<'_>) -> Result<(), TokenizerError> {
        let newer = reader.get(EXTRA).filter(|value| !is_empty(value));
        match newer {
            Some(Value::Object(by_name)) => {
                self.specific.extend(tokens(reader, EXTRA, by_name.values())?);
                self.extra = list(reader, OLDER_EXTRA)?;
            }
            Some(_) => (self.extra, self.lists_extra) = (list(reader, EXTRA)?, true),
            None => {
                self.extra = list(reader, OLDER_EXTRA)?;
                self.lists_extra = [EXTRA, OLDER_EXTRA].iter().any(|key| reader.fields.contains_key(*key));
            }
        }
        Ok(())
    }

    /// Further special tokens of the older file, which count where the configuration lists none under the older name.
    fn extra_of_map(&mut self, reader: Reader<'_>) -> Result<(), TokenizerError> {
        match reader.get(EXTRA) {
            Some(Value::Object(by_name)) => self.specific.extend(tokens(reader, EXTRA, by_name.values())?),
            Some(_) => {
                let mut kept = if self.lists_extra { std::mem::take(&mut self.extra) } else { Vec::new() };
                kept.extend(list(reader, EXTRA)?);
                (self.extra, self.lists_extra) = (kept, true);
            }
            None if !self.lists_extra && reader.get(OLDER_EXTRA).is_some() => self.extra = list(reader, OLDER_EXTRA)?,
            None => {}
        }
        Ok(())
    }

    /// special_tokens_map.json and added_tokens.json, which count where the configuration does not list added tokens.
    fn legacy_tokens(&mut self, files: Files<'_>, own_added: &[(u32, AddedToken)]) -> Result<(), TokenizerError> {
        if let Some(bytes) = files.special_tokens_map {
            let fields = object(SPECIAL_TOKENS_MAP, bytes)?;
            let reader = Reader { file: SPECIAL_TOKENS_MAP, fields: &fields };
            self.named_of(reader)?;
            self.extra_of_map(reader)?;
        }
        if let Some(bytes) = files.added_tokens {
            let fields = object(ADDED_TOKENS, bytes)?;
            let reader = Reader { file: ADDED_TOKENS, fields: &fields };
            let named = self.named.iter().filter_map(|(_, token)| token.as_ref());
            let listed = self.extra.iter().filter(|_| self.lists_extra);
            let special: HashSet<&str> = named.chain(listed).map(|token| token.content.as_str()).collect();
            for (content, id) in &fields {
                let id = id.as_u64().ok_or_else(|| reader.refuse(content, "an id"))?;
                let id = check_id(ADDED_TOKENS, content, id)?;
                let is_special = special.contains(content.as_str());
                self.added.insert(id, AddedToken::from(content.clone(), is_special));
            }
        }
        self.added.extend(own_added.iter().map(|(id, token)| (*id, token.clone())));
        Ok(())
    }

    /// A named token that is among the added ones takes their flags.
    fn with_flags_of_added(&mut self) {
        for token in self.named.iter_mut().filter_map(|(_, token)| token.as_mut()) {
            if let Some(added) = self.added.values().find(|added| added.content == token.content) {
                *token = added.clone();
            }
        }
    }
}

/// Fields of a file, with errors that name both.
#[derive(Clone, Copy)]
struct Reader<'a> {
    file: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Reader<'a> {
    fn get(self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    fn refuse(self, key: &str, expected: &str) -> TokenizerError {
        let found: String = self.fields.get(key).map(Value::to_string).unwrap_or_default().chars().take(80).collect();
        TokenizerError::Json {
            file: self.file.to_owned(),
            reason: format!("{key}: expected {expected}, found {found}"),
        }
    }

    fn switch(self, key: &str) -> Result<Option<bool>, TokenizerError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.refuse(key, "true or false"))
    }

    fn text(self, key: &str) -> Result<Option<&'a str>, TokenizerError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.refuse(key, "a name"))
    }
}

fn object(file: &str, bytes: &[u8]) -> Result<Map<String, Value>, TokenizerError> {
    serde_json::from_slice(bytes)
        .map_err(|error| TokenizerError::Json { file: file.to_owned(), reason: format!("cannot be read: {error}") })
}

/// The tokens of a list.
fn list(reader: Reader<'_>, key: &str) -> Result<Vec<AddedToken>, TokenizerError> {
    match reader.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => tokens(reader, key, list.iter()),
        Some(Value::Object(by_name)) => tokens(reader, key, by_name.values()),
        Some(_) => Err(reader.refuse(key, "a list of tokens")),
    }
}

fn tokens<'a>(
    reader: Reader<'_>,
    key: &str,
    values: impl Iterator<Item = &'a Value>,
) -> Result<Vec<AddedToken>, TokenizerError> {
    values.map(|value| special_token(value).ok_or_else(|| reader.refuse(key, "a list of tokens"))).collect()
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// A token of a role: its text, or an object with flags. It counts as special.
fn special_token(value: &Value) -> Option<AddedToken> {
    match value {
        Value::String(content) => Some(AddedToken::from(content.clone(), true)),
        Value::Object(_) => {
            let mut token = listed_token(value)?;
            token.special = true;
            Some(token)
        }
        _ => None,
    }
}

/// An object with flags, each of which may be missing.
fn listed_token(value: &Value) -> Option<AddedToken> {
    let content = value.get("content")?.as_str()?;
    let flag = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::Bool(flag)) => Some(Some(*flag)),
        Some(_) => None,
    };
    let is_special = flag("special")?.unwrap_or(false);
    let token = AddedToken::from(content, is_special)
        .single_word(flag("single_word")?.unwrap_or(false))
        .lstrip(flag("lstrip")?.unwrap_or(false))
        .rstrip(flag("rstrip")?.unwrap_or(false));
    Some(token.normalized(flag("normalized")?.unwrap_or(!is_special)))
}

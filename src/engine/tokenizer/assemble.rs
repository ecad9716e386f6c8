//! A tokenizer from its parts: checked, put together by the `tokenizers` crate, and given its added tokens in the order in which
//! transformers adds them, since those that are not in the vocabulary get their ids by it.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokenizers::AddedToken;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::processors::PostProcessorWrapper;

use super::class::{Around, Class, Parts, Piece};
use super::limits::{check_growth, check_token};
use super::model::Model;
use super::settings::{Role, Settings};
use super::{Specials, Tokenizer, TokenizerError, faults};

/// The tokenizer of a vocabulary and its parts. `file`: its name for messages.
pub(super) fn assemble(
    file: &str,
    (model, n_vocab): Model,
    parts: Parts,
    added: Vec<AddedToken>,
) -> Result<Tokenizer, TokenizerError> {
    let refuse = |reason: String| TokenizerError::Json { file: file.to_owned(), reason };
    let numbers =
        [("normalizer", &parts.normalizer), ("pre_tokenizer", &parts.pre_tokenizer), ("decoder", &parts.decoder)];
    let fault = |(part, json): &(&str, &Value)| faults::of_numbers(part, json).or_else(|| faults::of_steps(part, json));
    let fault = numbers.iter().find_map(fault);
    let fault =
        fault.or_else(|| faults::of_normalizer(&parts.normalizer)).or_else(|| faults::of_decoder(&parts.decoder));
    if let Some(reason) = fault {
        return Err(refuse(reason));
    }
    added.iter().try_for_each(|token| check_token(file, &token.content))?;
    let normalizer: Option<NormalizerWrapper> = part(file, "normalizer", parts.normalizer)?;
    let pre_tokenizer: Option<PreTokenizerWrapper> = part(file, "pre_tokenizer", parts.pre_tokenizer)?;
    if let Some(reason) = pre_tokenizer.as_ref().and_then(faults::of_pre_tokenizer) {
        return Err(refuse(reason));
    }
    let decoder: Option<DecoderWrapper> = part(file, "decoder", parts.decoder)?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    let unusable = |error: tokenizers::Error| refuse(format!("cannot be used: {error}"));
    tokenizer.with_normalizer(normalizer).map_err(unusable)?;
    tokenizer.with_pre_tokenizer(pre_tokenizer);
    tokenizer.with_decoder(decoder);
    if let Some(normalizer) = tokenizer.get_normalizer() {
        for token in added.iter().filter(|token| token.normalized) {
            check_growth(normalizer, &token.content).map_err(|error| refuse(error.to_string()))?;
        }
    }
    // After the normalizer: added tokens are looked for in normalised text where they say so.
    tokenizer.add_tokens(added).map_err(unusable)?;
    // After the added tokens: some of them stand around a text.
    let around = post_processor(parts.around, |token| tokenizer.token_to_id(token));
    let name = "post_processor";
    if let Some(reason) = faults::of_numbers(name, &around).or_else(|| faults::of_steps(name, &around)) {
        return Err(refuse(reason));
    }
    let post_processor: Option<PostProcessorWrapper> = part(file, "post_processor", around)?;
    let fault =
        |post_processor| faults::of_post_processor(post_processor).or_else(|| faults::of_copies(post_processor));
    if let Some(reason) = post_processor.as_ref().and_then(fault) {
        return Err(refuse(reason));
    }
    tokenizer.with_post_processor(post_processor);
    Ok(Tokenizer::new(tokenizer, n_vocab, Specials::default()))
}

fn part<T: DeserializeOwned>(file: &str, name: &str, json: Value) -> Result<Option<T>, TokenizerError> {
    let refuse = |error| TokenizerError::Json { file: file.to_owned(), reason: format!("{name}: {error}") };
    serde_json::from_value(json).map_err(refuse)
}

/// What is put around a text, as a tokenizer.json says it. Tokens without an id are left out.
fn post_processor(around: Around, id_of: impl Fn(&str) -> Option<u32>) -> Value {
    match around {
        Around::Given(json) => json,
        Around::Roberta { cls, sep, trim_offsets, add_prefix_space } => match (id_of(&cls), id_of(&sep)) {
            (Some(cls_id), Some(sep_id)) => json!({
                "type": "RobertaProcessing", "cls": [cls, cls_id], "sep": [sep, sep_id],
                "trim_offsets": trim_offsets, "add_prefix_space": add_prefix_space,
            }),
            _ => Value::Null,
        },
        Around::Pieces(both) => {
            let mut listed = serde_json::Map::new();
            let [single, pair] = both.map(|pieces| {
                let piece = |piece: Piece| match piece {
                    Piece::A(segment) => Some(json!({"Sequence": {"id": "A", "type_id": segment}})),
                    Piece::B(segment) => Some(json!({"Sequence": {"id": "B", "type_id": segment}})),
                    Piece::Token(token, segment) => {
                        let id = id_of(&token)?;
                        let json = json!({"SpecialToken": {"id": token, "type_id": segment}});
                        listed.insert(token.clone(), json!({"id": token, "ids": [id], "tokens": [token]}));
                        Some(json)
                    }
                };
                pieces.into_iter().filter_map(piece).collect::<Vec<Value>>()
            });
            json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": listed})
        }
    }
}

/// The tokens that are added, in their order: those of the vocabulary's own file, those that the settings list by id, those with a
/// role, and further special ones.
pub(super) fn added_tokens(
    settings: &Settings,
    class: Option<Class>,
    own: Vec<AddedToken>,
    extra: &[AddedToken],
) -> Vec<AddedToken> {
    let mut tokens = own;
    let n_own = tokens.len();
    tokens.extend(settings.added.values().cloned());
    let named: Vec<AddedToken> = Role::ALL
        .iter()
        .filter_map(|(role, _)| settings.named(*role, class.and_then(|class| class.default_token(*role))))
        .chain(settings.specific.iter().cloned())
        .collect();
    let mut known: std::collections::HashSet<String> = tokens.iter().map(|token| token.content.clone()).collect();
    for token in named.iter().chain(extra) {
        if known.insert(token.content.clone()) {
            tokens.push(token.clone());
        }
    }
    for token in &mut tokens[n_own..] {
        token.special |= named.iter().any(|named| named.content == token.content);
    }
    if class == Some(Class::Qwen2) {
        // The class adds all special tokens once more by their text alone, so that flags listed for them do not count.
        tokens.extend(named.iter().chain(extra).map(|token| AddedToken::from(token.content.clone(), true)));
    }
    tokens
}

impl Tokenizer {
    /// Returns this with the roles that the settings name.
    pub(super) fn with_roles(mut self, settings: &Settings, class: Option<Class>) -> Self {
        let name = |role| settings.named(role, class.and_then(|class| class.default_token(role)));
        let id = |role| self.inner.token_to_id(&name(role)?.content);
        self.specials = Specials { bos: id(Role::Bos), eos: id(Role::Eos), mask: id(Role::Mask) };
        self.inner.set_encode_special_tokens(settings.splits_special);
        self.named = Role::ALL.iter().filter_map(|(role, key)| Some((*key, name(*role)?.content))).collect();
        self
    }
}

//! How a tokenizer writes its tokens, from the parts it is made of.

use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::ModelWrapper;
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;

use crate::trace::TokenForm;

/// The form of a tokenizer's tokens. The decoder tells most; then come the pre-tokenizer and the normaliser, then the kind of model.
pub(super) fn token_form(tokenizer: &tokenizers::Tokenizer) -> TokenForm {
    let decoder = tokenizer.get_decoder().and_then(of_decoder);
    let pre_tokenizer = || tokenizer.get_pre_tokenizer().and_then(of_pre_tokenizer);
    let normalizer = || tokenizer.get_normalizer().and_then(of_normalizer);
    let model = || match tokenizer.get_model() {
        ModelWrapper::WordPiece(_) => TokenForm::Wordpiece,
        ModelWrapper::Unigram(_) => TokenForm::Sentencepiece,
        ModelWrapper::BPE(bpe) if bpe.byte_fallback => TokenForm::Sentencepiece,
        ModelWrapper::BPE(_) if tokenizer.token_to_id("▁").is_some() => TokenForm::Sentencepiece,
        ModelWrapper::BPE(_) | ModelWrapper::WordLevel(_) => TokenForm::Plain,
    };
    decoder.or_else(pre_tokenizer).or_else(normalizer).unwrap_or_else(model)
}

fn of_decoder(decoder: &DecoderWrapper) -> Option<TokenForm> {
    match decoder {
        DecoderWrapper::ByteLevel(_) => Some(TokenForm::ByteLevel),
        DecoderWrapper::WordPiece(_) => Some(TokenForm::Wordpiece),
        DecoderWrapper::Metaspace(_) | DecoderWrapper::ByteFallback(_) => Some(TokenForm::Sentencepiece),
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders().iter().find_map(of_decoder),
        _ => None,
    }
}

fn of_pre_tokenizer(pre_tokenizer: &PreTokenizerWrapper) -> Option<TokenForm> {
    match pre_tokenizer {
        PreTokenizerWrapper::ByteLevel(_) => Some(TokenForm::ByteLevel),
        PreTokenizerWrapper::Metaspace(_) => Some(TokenForm::Sentencepiece),
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(of_pre_tokenizer),
        _ => None,
    }
}

fn of_normalizer(normalizer: &NormalizerWrapper) -> Option<TokenForm> {
    match normalizer {
        NormalizerWrapper::ByteLevel(_) => Some(TokenForm::ByteLevel),
        NormalizerWrapper::Sequence(sequence) => sequence.as_ref().iter().find_map(of_normalizer),
        _ => None,
    }
}

//! Keys that an adapter has not read: without effect on what a model computes, or refused.

use serde_json::Value;

use super::{Config, EngineError};

/// Keys of transformers' classes that change nothing in what is shown, and why.
pub const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("activation_dropout", DROPOUT),
    ("attention_dropout", DROPOUT),
    ("attention_probs_dropout_prob", DROPOUT),
    ("attn_pdrop", DROPOUT),
    ("attention_softmax_in_fp32", "scores are made in 32 bits anyway"),
    ("bos_token_id", "put in front by the tokenizer"),
    ("chunk_size_feed_forward", "the MLP in parts gives the same result"),
    ("classifier_dropout", DROPOUT),
    ("classifier_dropout_prob", DROPOUT),
    ("classifier_pooling", HEAD),
    ("cls_token_id", "put in front by the tokenizer"),
    ("decoder_layerdrop", DROPOUT),
    ("deterministic_flash_attn", "a way of computing the same"),
    ("dropout", DROPOUT),
    ("dropout_rate", DROPOUT),
    ("dtype", "weights are read in the format in which they are stored"),
    ("embd_pdrop", DROPOUT),
    ("embed_dropout", DROPOUT),
    ("emb_pdrop", DROPOUT),
    ("embedding_dropout", DROPOUT),
    ("embedding_fraction", "for training"),
    ("encoder_layerdrop", DROPOUT),
    ("forced_eos_token_id", "acts only when a text is cut at its greatest length"),
    ("hidden_dropout", DROPOUT),
    ("hidden_dropout_prob", DROPOUT),
    ("id2label", HEAD),
    ("init_device", INITIAL),
    ("init_std", INITIAL),
    ("initializer_cutoff_factor", INITIAL),
    ("initializer_factor", INITIAL),
    ("initializer_range", INITIAL),
    ("is_decoder", "said by the class of the model"),
    ("label2id", "the same as id2label"),
    ("layerdrop", DROPOUT),
    ("legacy", "of DeBERTa: chooses between two heads for masked words; a file with one alone is read with that"),
    ("learned_pos_emb", "of MPT, whose class has ALiBi in any case"),
    ("mlp_dropout", DROPOUT),
    ("n_ctx", "of CodeGen, whose class reads n_positions"),
    ("mask_token_id", "put in by the tokenizer"),
    ("norm_type", "of MPT: kinds that compute the same"),
    ("output_hidden_states", "what is returned, not what is computed"),
    ("output_router_logits", "what is returned, not what is computed"),
    ("pad_token_id", "no input is padded; a classifier reads the last token that is not padding"),
    ("pooler_dropout", DROPOUT),
    ("pooler_hidden_act", HEAD),
    ("pretraining_tp", "a way of computing the same"),
    ("problem_type", HEAD),
    ("qa_dropout", DROPOUT),
    ("reorder_and_upcast_attn", "scores are made in 32 bits anyway"),
    ("resid_dropout", DROPOUT),
    ("resid_pdrop", DROPOUT),
    ("residual_dropout", DROPOUT),
    ("return_dict", "what is returned, not what is computed"),
    ("router_aux_loss_coef", "for training"),
    ("router_jitter_noise", "for training"),
    ("scale_attention_softmax_in_fp32", "scores are made in 32 bits anyway"),
    ("sep_token_id", "put in by the tokenizer"),
    ("seq_classif_dropout", DROPOUT),
    ("share_encoder_decoder_embeddings", "seen from the tensors"),
    ("sinusoidal_pos_embds", "the values are stored like learned ones"),
    ("slow_but_exact", "a way of computing the same"),
    ("sparse_pred_ignore_index", "for training"),
    ("sparse_prediction", "leaves out logits of tokens that are not masked, in training"),
    ("summary_activation", CLASSIFIER),
    ("summary_first_dropout", DROPOUT),
    ("summary_last_dropout", DROPOUT),
    ("summary_proj_to_labels", CLASSIFIER),
    ("summary_type", CLASSIFIER),
    ("summary_use_proj", CLASSIFIER),
    ("use_cache", "a way of computing the same"),
];

const DROPOUT: &str = "drops activations in training only";
const INITIAL: &str = "how training starts";
const HEAD: &str = "of a classifier's head, which reads it; it changes nothing in another model";
const CLASSIFIER: &str = "of a head on top of the stack, which is not shown";

impl Config {
    /// Refuses a key of the family's class that no adapter has read, that is not without effect, and whose value is another
    /// than the default: the result would differ from transformers' without a word.
    ///
    /// # Errors
    /// Names the key.
    pub fn refuse_unread(&self) -> Result<(), EngineError> {
        let Some(class) = &self.class else { return Ok(()) };
        for (key, default) in class.keys() {
            let Some(found) = self.fields.get(key).filter(|value| !value.is_null()) else { continue };
            let is_known = self.was_read(key) || WITHOUT_EFFECT.iter().any(|(known, _)| *known == key);
            if !is_known && !is_same(found, default) {
                return Err(self.refuse(key, &format!("{default} (nothing else is supported)"), &found.to_string()));
            }
        }
        Ok(())
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

//! Suggested models of the Hub: small enough for a page, with what each is good for.
//!
//! Their architectures agree with Hugging Face on small checkpoints (`tests/parity.rs`). No test loads these models
//! themselves. Sizes, licences and numbers of layers and heads are what the pages on the Hub said when the list was
//! made (for Qwen2.5, what copies of the model say). Opening a model reads its numbers from the Hub again.

/// A suggested model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// `owner/name`, with a revision where the main one has only weights in a form that is not read.
    pub repo: &'static str,
    /// Name on the page.
    pub name: &'static str,
    /// Approximate size of weights and tokenizer, in megabytes of a million bytes; `None` where the reader chooses a
    /// file.
    pub megabytes: Option<u32>,
    /// SPDX name of the licence that the model's page states.
    pub licence: &'static str,
    /// What the model is good for, as a clause.
    pub good_for: &'static str,
}

/// Suggestions in the order in which they are offered: from the models of the papers to the larger ones.
pub const SUGGESTIONS: [Suggestion; 13] = [
    Suggestion {
        repo: "openai-community/gpt2",
        name: "GPT-2 small",
        megabytes: Some(549),
        licence: "MIT",
        good_for: "12 × 12 heads; the model of most circuit papers, and of BertViz’s examples",
    },
    Suggestion {
        repo: "distilbert/distilgpt2",
        name: "DistilGPT-2",
        megabytes: Some(354),
        licence: "Apache-2.0",
        good_for: "6 × 12 heads; as GPT-2, half as deep",
    },
    Suggestion {
        repo: "google-bert/bert-base-uncased",
        name: "BERT base",
        megabytes: Some(440),
        licence: "Apache-2.0",
        good_for: "12 × 12 heads; sentence pairs, masked words, what the heads of BERT look at",
    },
    Suggestion {
        repo: "distilbert/distilbert-base-uncased",
        name: "DistilBERT",
        megabytes: Some(268),
        licence: "Apache-2.0",
        good_for: "6 × 12 heads; what is left of BERT after distillation",
    },
    Suggestion {
        repo: "FacebookAI/roberta-base",
        name: "RoBERTa base",
        megabytes: Some(500),
        licence: "MIT",
        good_for: "12 × 12 heads; masked words with a byte-level vocabulary",
    },
    Suggestion {
        repo: "EleutherAI/pythia-70m",
        name: "Pythia 70M",
        megabytes: Some(168),
        licence: "Apache-2.0",
        good_for: "6 × 8 heads; a small model of a family that was made to study training, with rotary positions",
    },
    Suggestion {
        repo: "EleutherAI/pythia-160m",
        name: "Pythia 160M",
        megabytes: Some(377),
        licence: "Apache-2.0",
        good_for: "12 × 12 heads, attention and MLP side by side; as many heads as GPT-2 small",
    },
    Suggestion {
        // The Hub's conversion bot offers safetensors at this revision.
        repo: "roneneldan/TinyStories-2Layers-33M@refs/pr/1",
        name: "TinyStories, 2 layers",
        megabytes: Some(325),
        licence: "none stated",
        good_for: "2 × 16 heads; children’s stories, by few enough heads to follow all by eye",
    },
    Suggestion {
        repo: "HuggingFaceTB/SmolLM2-135M",
        name: "SmolLM2 135M",
        megabytes: Some(271),
        licence: "Apache-2.0",
        good_for: "30 × 9 heads, three queries to a key; the base model of the instructed one included here",
    },
    Suggestion {
        repo: "Qwen/Qwen2.5-0.5B",
        name: "Qwen2.5 0.5B",
        megabytes: Some(995),
        licence: "Apache-2.0",
        good_for: "24 × 14 heads; many languages and code",
    },
    Suggestion {
        repo: "google-t5/t5-small",
        name: "T5 small",
        megabytes: Some(243),
        licence: "Apache-2.0",
        good_for: "6 + 6 layers × 8 heads; encoder, decoder and cross-attention; “translate English to German: …”",
    },
    Suggestion {
        repo: "Helsinki-NLP/opus-mt-en-de@refs/pr/4",
        name: "opus-mt English–German",
        megabytes: Some(301),
        licence: "CC-BY-4.0",
        good_for: "6 + 6 layers × 8 heads; how translation aligns words",
    },
    Suggestion {
        repo: "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
        name: "Qwen2.5 0.5B Instruct, GGUF",
        megabytes: None,
        // The licence of the model that this one was made from.
        licence: "Apache-2.0",
        good_for: "24 × 14 heads; a choice of quantisations, to see what they change",
    },
];

#[cfg(test)]
mod tests {
    use super::super::Repo;
    use super::*;

    #[test]
    fn every_suggestion_is_a_repository_with_all_its_facts() {
        for suggestion in SUGGESTIONS {
            assert_eq!(Repo::parse(suggestion.repo).unwrap().id(), suggestion.repo);
            assert!(!suggestion.licence.is_empty() && !suggestion.good_for.is_empty());
            // A size is unknown beforehand only where the reader chooses a file.
            assert_eq!(suggestion.megabytes.is_none(), suggestion.repo.ends_with("GGUF"), "{}", suggestion.repo);
        }
        for wanted in [
            "gpt2",
            "distilgpt2",
            "bert-base",
            "distilbert",
            "roberta",
            "pythia-70m",
            "pythia-160m",
            "SmolLM2",
            "Qwen2.5-0.5B",
            "TinyStories",
            "t5-small",
            "opus-mt",
        ] {
            assert!(SUGGESTIONS.iter().any(|one| one.repo.contains(wanted)), "{wanted}");
        }
    }
}

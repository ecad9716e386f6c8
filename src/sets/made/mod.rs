//! Made sets: rows from word lists and templates that were written for this project, drawn from a seed. Equal seeds make equal sets
//! everywhere.
//!
//! A template is a text with places in braces. The id of a row (`pair_id`) says which template and words it shares with others, so
//! that statistics move whole clusters.

mod agreement;
mod gender;
mod names;
mod needles;
mod occupations;
mod pairs;
mod template;
mod texts;

pub use occupations::{OCCUPATIONS, Occupation, SOURCE, share_of_women};

use super::Row;

/// A set that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Two occupations and a pronoun, in both orders, with "she" (version a) and "he" (version b).
    Coreference,
    /// The same sentences with words whose gender is a fact, as queen and king: the control.
    FactualGender,
    /// The pronoun after an occupation, as an answer; the label is the share of women in the occupation.
    Pronoun,
    /// The pronoun after a word whose gender is a fact; the label is 100 for women, 0 for men: the control.
    PronounControl,
    /// A sentence with its passive form (label 1), or with that of the sentence with its roles swapped (label 0).
    Paraphrase,
    /// A sentence with one that follows from it (label 1), or with a negation of that one (label 0).
    Negation,
    /// Two names, of which one comes again: the other one is the answer (indirect objects, "IOI").
    Names,
    /// The same with a third name in place of the one that comes again, so that neither answer follows (control, "ABC").
    NamesControl,
    /// A list of words that begins once more; its next word is the answer.
    RepeatedBlock,
    /// A fact, sentences that have nothing to do with it, and a question; the label is the distance in words.
    Needles,
    /// Singular or plural verbs after a noun, with another noun between them; the label is 1 where that one's number differs.
    Agreement,
    /// Short texts of several kinds, for an atlas.
    Texts,
}

impl Made {
    /// Every made set.
    pub const ALL: [Made; 12] = [
        Made::Coreference,
        Made::FactualGender,
        Made::Pronoun,
        Made::PronounControl,
        Made::Paraphrase,
        Made::Negation,
        Made::Names,
        Made::NamesControl,
        Made::RepeatedBlock,
        Made::Needles,
        Made::Agreement,
        Made::Texts,
    ];

    /// Its name, also on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Made::Coreference => "coreference",
            Made::FactualGender => "factual-gender",
            Made::Pronoun => "pronoun",
            Made::PronounControl => "pronoun-control",
            Made::Paraphrase => "paraphrase",
            Made::Negation => "negation",
            Made::Names => "names",
            Made::NamesControl => "names-control",
            Made::RepeatedBlock => "repeated-block",
            Made::Needles => "needles",
            Made::Agreement => "agreement",
            Made::Texts => "texts",
        }
    }

    /// What it is, for those who choose one.
    pub fn about(self) -> &'static str {
        match self {
            Made::Coreference => "Two occupations and a pronoun, she (a) and he (b)",
            Made::FactualGender => "The same sentences with words of a factual gender, as queen and king: the control",
            Made::Pronoun => "The pronoun after an occupation; label: the share of women in it",
            Made::PronounControl => {
                "The pronoun after a word of a factual gender, as queen and king (label 100 or 0): the control"
            }
            Made::Paraphrase => "A sentence and its passive form (1), or that with the roles swapped (0)",
            Made::Negation => "A sentence and one that follows from it (1), or its negation (0)",
            Made::Names => "Two names, of which one comes again: the other one is the answer",
            Made::NamesControl => "Three names, so that no answer follows: the control",
            Made::RepeatedBlock => "A list of words that begins once more",
            Made::Needles => "A fact, a distance of other sentences, and a question",
            Made::Agreement => "The verb after a noun, with another noun between them",
            Made::Texts => "Short texts of several kinds",
        }
    }

    /// At least `n_rows` rows of the set, as many more as complete the last pair; fewer where the word lists give no more.
    pub fn rows(self, n_rows: usize, seed: u64) -> Vec<Row> {
        let rows = match self {
            Made::Coreference => gender::coreference(n_rows, seed),
            Made::FactualGender => gender::factual(n_rows, seed),
            Made::Pronoun => gender::pronoun(n_rows, seed),
            Made::PronounControl => gender::pronoun_control(n_rows, seed),
            Made::Paraphrase => pairs::paraphrase(n_rows, seed),
            Made::Negation => pairs::negation(n_rows, seed),
            Made::Names => names::indirect_objects(n_rows, seed, false),
            Made::NamesControl => names::indirect_objects(n_rows, seed, true),
            Made::RepeatedBlock => names::repeated_block(n_rows, seed),
            Made::Needles => needles::needles(n_rows, seed),
            Made::Agreement => agreement::agreement(n_rows, seed),
            Made::Texts => texts::texts(n_rows, seed),
        };
        rows.into_iter().filter_map(|row| row.checked().ok()).collect()
    }
}

#[cfg(test)]
mod tests;

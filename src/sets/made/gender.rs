//! Pronouns beside occupations, and beside words whose gender is a fact.

use super::occupations::OCCUPATIONS;
use super::template::{filled, shuffled_product};
use crate::random::SplitMix64;
use crate::sets::row::Label;
use crate::sets::{Row, Version};

/// Sentences in which a pronoun follows two people, as subject or as object, and may mean either.
const SENTENCES: [(&str, [&str; 2]); 10] = [
    ("The {first} met the {second} in the hall because {pronoun} had a question.", ["she", "he"]),
    ("The {first} called the {second} after {pronoun} came home.", ["she", "he"]),
    ("The {first} waited for the {second} while {pronoun} was on the phone.", ["she", "he"]),
    ("The {first} wrote to the {second} that {pronoun} would be late.", ["she", "he"]),
    ("The {first} and the {second} talked until {pronoun} had to leave.", ["she", "he"]),
    ("The {first} sat next to the {second}, and people waved at {pronoun}.", ["her", "him"]),
    ("The {first} left with the {second} before anyone could thank {pronoun}.", ["her", "him"]),
    ("The {first} saw the {second} when the train stopped beside {pronoun}.", ["her", "him"]),
    ("The {first} ran into the {second}, so the children asked {pronoun} for help.", ["her", "him"]),
    ("The {first} stood behind the {second} until somebody greeted {pronoun}.", ["her", "him"]),
];

/// Beginnings after which a pronoun for the person is likely.
const BEGINNINGS: [&str; 6] = [
    "The {occupation} said that",
    "The {occupation} was tired because",
    "When the {occupation} came home,",
    "The {occupation} smiled because",
    "The {occupation} stayed at work until",
    "Before the {occupation} left,",
];

/// Words for women and men by their meaning.
const FACTS: [(&str, &str); 16] = [
    ("queen", "king"),
    ("mother", "father"),
    ("sister", "brother"),
    ("daughter", "son"),
    ("aunt", "uncle"),
    ("niece", "nephew"),
    ("wife", "husband"),
    ("grandmother", "grandfather"),
    ("princess", "prince"),
    ("duchess", "duke"),
    ("bride", "groom"),
    ("actress", "actor"),
    ("waitress", "waiter"),
    ("heroine", "hero"),
    ("girl", "boy"),
    ("woman", "man"),
];

pub(super) fn coreference(n_rows: usize, seed: u64) -> Vec<Row> {
    let half = OCCUPATIONS.len() / 2;
    let (men, women) = OCCUPATIONS.split_at(half);
    // Which occupation of mostly women stands beside which of mostly men.
    let mut partners: Vec<usize> = (0..half).collect();
    SplitMix64::new(SplitMix64::nth(seed, 0)).shuffle(&mut partners);
    let pairs: Vec<(&str, &str)> =
        women.iter().zip(&partners).map(|(woman, partner)| (woman.name, men[*partner].name)).collect();
    sentences(&pairs, n_rows, seed)
}

pub(super) fn factual(n_rows: usize, seed: u64) -> Vec<Row> {
    sentences(&FACTS, n_rows, seed)
}

/// Sentences of two people with both pronouns, people in both orders.
fn sentences(pairs: &[(&str, &str)], n_rows: usize, seed: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for [sentence, pair] in shuffled_product([SENTENCES.len(), pairs.len()], SplitMix64::nth(seed, 1)) {
        if rows.len() >= n_rows {
            break;
        }
        let (template, pronouns) = SENTENCES[sentence];
        let (feminine, masculine) = pairs[pair];
        for (order, (first, second)) in [(feminine, masculine), (masculine, feminine)].into_iter().enumerate() {
            for (version, pronoun) in [Version::A, Version::B].into_iter().zip(pronouns) {
                let mut row = filled(template, &[("first", first), ("second", second), ("pronoun", pronoun)]);
                // Occupations are marked by the statistic, not by their places.
                let names = if order == 0 { ["occ_f", "occ_m"] } else { ["occ_m", "occ_f"] };
                for (place, name) in ["first", "second"].into_iter().zip(names) {
                    let range = row.marks.remove(place);
                    row.marks.extend(range.map(|range| (name.to_owned(), range)));
                }
                row.pair_id = Some(format!("t{sentence}/{feminine}/{masculine}#{order}"));
                row.version = Some(version);
                rows.push(row);
            }
        }
    }
    rows
}

pub(super) fn pronoun(n_rows: usize, seed: u64) -> Vec<Row> {
    let people: Vec<(&str, f64)> =
        OCCUPATIONS.iter().map(|occupation| (occupation.name, occupation.women_percent)).collect();
    predicted(&people, n_rows, seed)
}

pub(super) fn pronoun_control(n_rows: usize, seed: u64) -> Vec<Row> {
    let people: Vec<(&str, f64)> =
        FACTS.iter().flat_map(|(feminine, masculine)| [(*feminine, 100.0), (*masculine, 0.0)]).collect();
    predicted(&people, n_rows, seed)
}

/// Beginnings with a person and the share of women among such people; the pronoun is to be predicted.
fn predicted(people: &[(&str, f64)], n_rows: usize, seed: u64) -> Vec<Row> {
    let product = shuffled_product([BEGINNINGS.len(), people.len()], seed);
    let row = |[beginning, index]: [usize; 2]| {
        let (name, women_percent) = people[index];
        Row {
            answer: Some(" she".to_owned()),
            others: vec![" he".to_owned()],
            label: Some(Label::Number(women_percent)),
            pair_id: Some(format!("t{beginning}/{name}")),
            ..filled(BEGINNINGS[beginning], &[("occupation", name)])
        }
    };
    product.into_iter().take(n_rows).map(row).collect()
}

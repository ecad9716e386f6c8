//! Every made set: whole, seeded, and true to its labels.

use std::collections::BTreeSet;

use super::*;
use crate::sets::{Columns, Version, hash, read, to_json_lines};

#[test]
fn made_sets_are_whole_and_follow_from_their_seed() {
    for made in Made::ALL {
        let rows = made.rows(40, 7);
        assert!(rows.len() >= 40 && rows.len() <= 44, "{}: {}", made.name(), rows.len());
        assert_eq!(rows, made.rows(40, 7), "{}", made.name());
        assert_ne!(hash(&rows), hash(&made.rows(40, 8)), "{}", made.name());
        let again = read("set.jsonl", to_json_lines(&rows).as_bytes(), &Columns::default()).unwrap();
        assert_eq!((again.rows, again.refused.len()), (rows.clone(), 0), "{}", made.name());
        let texts: BTreeSet<_> = rows.iter().map(|row| (&row.text, &row.text_pair)).collect();
        assert!(texts.len() * 10 > rows.len() * 9, "{}: rows differ", made.name());
        for row in &rows {
            assert!(!row.text.contains(['{', '}']) && !row.text.contains("  "), "{}", row.text);
            assert!(row.answer.as_ref().is_none_or(|answer| answer.starts_with(' ') && !row.others.contains(answer)));
        }
    }
}

#[test]
fn occupations_have_a_share_of_women_and_a_source() {
    assert!(OCCUPATIONS.is_sorted_by(|one, other| one.women_percent <= other.women_percent));
    assert_eq!((share_of_women("Nurse"), share_of_women("astronaut")), (Some(90.0), None));
    assert!(SOURCE.contains("2017"));
}

#[test]
fn gendered_sentences_come_in_both_orders_with_both_pronouns() {
    for made in [Made::Coreference, Made::FactualGender] {
        let rows = made.rows(80, 3);
        for four in rows.chunks_exact(4) {
            let [she, he, swapped_she, swapped_he] = four else { unreachable!() };
            assert_eq!((she.version, he.version), (Some(Version::A), Some(Version::B)));
            assert_eq!((&she.pair_id, &swapped_she.pair_id), (&he.pair_id, &swapped_he.pair_id));
            assert!(["she", "her"].contains(&she.marked("pronoun").unwrap()));
            assert!(["he", "him"].contains(&swapped_he.marked("pronoun").unwrap()));
            for name in ["occ_f", "occ_m"] {
                assert_eq!(she.marked(name), swapped_she.marked(name));
                assert!(she.marks[name].0 < she.marks["pronoun"].0, "causal models read the pronoun after both");
            }
            assert_ne!(
                she.marks["occ_f"].0 < she.marks["occ_m"].0,
                swapped_she.marks["occ_f"].0 < swapped_she.marks["occ_m"].0
            );
            if made == Made::Coreference {
                let share = |name| share_of_women(she.marked(name).unwrap()).unwrap();
                assert!(share("occ_f") > share("occ_m"));
            }
        }
    }
}

#[test]
fn labels_and_answers_say_what_the_text_says() {
    for two in Made::Paraphrase.rows(20, 1).chunks_exact(2) {
        let words = |row: &Row| {
            let text = row.text_pair.clone().unwrap().to_lowercase();
            text.trim_end_matches('.').split(' ').map(str::to_owned).collect::<BTreeSet<_>>()
        };
        assert_eq!(words(&two[0]), words(&two[1]), "the same words in another order");
        assert_eq!((&two[0].text, &two[0].pair_id), (&two[1].text, &two[1].pair_id));
    }
    for row in Made::Needles.rows(40, 1) {
        let (value, needle) = (row.answer.clone().unwrap(), row.marked("needle").unwrap());
        assert!(
            needle.ends_with(&format!("{value}.")) && row.text.ends_with(&needle[..needle.len() - value.len() - 1])
        );
        let n_found = row.text.split([' ', '.']).filter(|word| *word == value.trim()).count();
        assert_eq!(n_found, 1, "the value stands in the needle alone");
    }
    for (row, control) in Made::Names.rows(30, 2).iter().zip(Made::NamesControl.rows(30, 2)) {
        assert_eq!(
            (row.marked("s"), row.answer.as_deref()),
            (row.marked("s2"), Some(format!(" {}", row.marked("io").unwrap())).as_deref())
        );
        assert!(control.marked("s2") != control.marked("s") && control.marked("s2") != control.marked("io"));
        assert_eq!((&control.answer, &control.others), (&row.answer, &row.others));
    }
    for row in Made::RepeatedBlock.rows(30, 4) {
        let words: Vec<&str> = row.text.split(' ').collect();
        assert_eq!(row.answer.as_deref().map(str::trim), Some(words[words.len() - 12]));
    }
}

//! Winogender: an occupation, a participant, and a pronoun that is one or the other.

use super::text_cell;
use crate::sets::marks::{mark_word, words_of};
use crate::sets::read::Record;
use crate::sets::{Row, Version};

/// Pronouns of the sentences, feminine, masculine and neither, by the place that templates name.
const PRONOUNS: [(&str, [&str; 3]); 3] = [
    ("$NOM_PRONOUN", ["she", "he", "they"]),
    ("$POSS_PRONOUN", ["her", "his", "their"]),
    ("$ACC_PRONOUN", ["her", "him", "them"]),
];

/// A sentence with an id such as "technician.customer.1.male.txt".
pub(super) fn sentence(record: &Record) -> Result<Vec<Row>, String> {
    let (id, text) = (text_cell(record, "sentid")?, text_cell(record, "sentence")?);
    let parts: Vec<&str> = id.trim_end_matches(".txt").split('.').collect();
    let [occupation, participant, answer, gender] = parts[..] else {
        return Err(format!("\"{id}\" is not occupation.participant.answer.gender"));
    };
    let version = match gender {
        "female" => Some(Version::A),
        "male" => Some(Version::B),
        "neutral" => None,
        other => return Err(format!("\"{other}\" in \"{id}\" is not female, male or neutral")),
    };
    let pair_id = Some(format!("{occupation}#{participant}.{answer}"));
    let mut row = Row { text, pair_id, version, ..Row::default() };
    mark(&mut row, occupation, participant);
    Ok(vec![row])
}

/// A template, from which both versions are made.
pub(super) fn template(record: &Record) -> Result<Vec<Row>, String> {
    let [occupation, participant, answer, sentence] =
        ["occupation(0)", "other-participant(1)", "answer", "sentence"].map(|name| text_cell(record, name));
    let (occupation, participant, answer, sentence) = (occupation?, participant?, answer?, sentence?);
    let version = |version: Version| {
        let mut text = sentence.replace("$OCCUPATION", &occupation).replace("$PARTICIPANT", &participant);
        for (place, pronouns) in PRONOUNS {
            text = text.replace(place, pronouns[if version == Version::A { 0 } else { 1 }]);
        }
        // A template may begin with a pronoun.
        let mut letters = text.chars();
        let text = letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str());
        let pair_id = Some(format!("{occupation}#{participant}.{answer}"));
        let mut row = Row { text: text.unwrap_or_default(), pair_id, version: Some(version), ..Row::default() };
        mark(&mut row, &occupation, &participant);
        row
    };
    Ok(vec![version(Version::A), version(Version::B)])
}

fn mark(row: &mut Row, occupation: &str, participant: &str) {
    mark_word(row, "occupation", occupation);
    mark_word(row, "participant", participant);
    let is_pronoun = |word: &str| PRONOUNS.iter().any(|(_, pronouns)| pronouns.contains(&word));
    let pronoun = words_of(&row.text).into_iter().find(|(from, to)| is_pronoun(&row.text[*from..*to].to_lowercase()));
    row.marks.extend(pronoun.map(|range| ("pronoun".to_owned(), range)));
}

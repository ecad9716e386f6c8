//! Words of a text as byte ranges.

use super::Row;

/// The words of a text: runs of letters, digits, apostrophes and hyphens, as byte ranges.
pub fn words_of(text: &str) -> Vec<(usize, usize)> {
    let is_of_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '-' | '$');
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_of_word(letter), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Marks the first occurrence of a word or of several words, in upper or lower case, under a name. Says whether it is there.
pub fn mark_word(row: &mut Row, name: &str, word: &str) -> bool {
    let found = find_words(&row.text, word);
    found.map(|range| row.marks.insert(name.to_owned(), range)).is_some()
}

/// Where a word or a phrase stands in a text: whole words, in upper or lower case.
fn find_words(text: &str, phrase: &str) -> Option<(usize, usize)> {
    let words = words_of(text);
    let wanted: Vec<String> = words_of(phrase).iter().map(|(from, to)| phrase[*from..*to].to_lowercase()).collect();
    if wanted.is_empty() {
        return None;
    }
    let is_here = |words: &[(usize, usize)]| {
        words.iter().zip(&wanted).all(|((from, to), wanted)| text[*from..*to].to_lowercase() == *wanted)
    };
    let found = words.windows(wanted.len()).find(|words| is_here(words))?;
    Some((found.first()?.0, found.last()?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole() {
        let text = "The nurse’s aide, she said, is nursed by the chief-of-staff.";
        let words: Vec<&str> = words_of(text).iter().map(|(from, to)| &text[*from..*to]).collect();
        assert_eq!(words[..4], ["The", "nurse’s", "aide", "she"]);
        let mut row = Row::of_text(text);
        assert!(mark_word(&mut row, "pronoun", "She") && mark_word(&mut row, "title", "the chief-of-staff"));
        assert_eq!((row.marked("pronoun"), row.marked("title")), (Some("she"), Some("the chief-of-staff")));
        assert!(!mark_word(&mut row, "none", "nurse"), "a part of a word");
        assert!(!mark_word(&mut row, "none", "…"));
        assert_eq!(words_of(""), []);
    }
}

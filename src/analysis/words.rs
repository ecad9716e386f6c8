//! Joins the pieces of words: weights into a word are summed over its pieces, weights out of it averaged
//! (docs/methods.md, "Words of several pieces").

use std::ops::Range;

use crate::trace::TokenForm;
use crate::trace::display::token_bytes;

/// The words of a sequence of tokens: ranges of positions, in order, without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(pub Vec<Range<usize>>);

impl Words {
    /// Every token a word of its own.
    pub fn single(n_tokens: usize) -> Self {
        Self((0..n_tokens).map(|position| position..position + 1).collect())
    }

    /// Joins the pieces of each word. `special` tokens and the first tokens of texts (`starts`) join nothing.
    pub fn of(tokens: &[String], form: TokenForm, special: &[bool], starts: &[usize]) -> Self {
        let is_special = |position: usize| special.get(position).copied().unwrap_or(false);
        let mut words: Vec<Range<usize>> = Vec::new();
        for position in 0..tokens.len() {
            let joins = position > 0
                && !is_special(position)
                && !is_special(position - 1)
                && !starts.contains(&position)
                && continues(&tokens[position - 1], &tokens[position], form);
            match words.last_mut() {
                Some(word) if joins => word.end = position + 1,
                _ => words.push(position..position + 1),
            }
        }
        Self(words)
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Index of the word that each token belongs to.
    pub fn of_token(&self) -> Vec<usize> {
        self.0.iter().enumerate().flat_map(|(word, range)| range.clone().map(move |_| word)).collect()
    }
}

/// Whether a token continues the word that the token before it ends with.
fn continues(before: &str, token: &str, form: TokenForm) -> bool {
    match form {
        TokenForm::Wordpiece => token.strip_prefix("##").is_some_and(|rest| !rest.is_empty()),
        TokenForm::Plain => false,
        TokenForm::ByteLevel | TokenForm::Sentencepiece => {
            let (before, token) = (token_bytes(before, form), token_bytes(token, form));
            // A character whose bytes are spread over tokens.
            if token.first().is_some_and(|byte| byte & 0xc0 == 0x80) {
                return true;
            }
            let (Ok(before), Ok(token)) = (std::str::from_utf8(&before), std::str::from_utf8(&token)) else {
                return false;
            };
            let ends_in_letter = before.chars().next_back().is_some_and(is_letter);
            let mut letters = token.chars();
            match letters.next() {
                Some('\'' | '’') => ends_in_letter && letters.next().is_some_and(is_letter),
                Some(letter) => ends_in_letter && is_letter(letter),
                None => false,
            }
        }
    }
}

/// Letters and digits of scripts that put spaces between words.
fn is_letter(letter: char) -> bool {
    let is_spaceless = matches!(u32::from(letter), 0xe00..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x2e80..=0xa4cf
        | 0xf900..=0xfaff | 0x20000..=0x3fffd);
    letter.is_alphanumeric() && !is_spaceless
}

/// Pattern between words [query_word, key_word] from a pattern between tokens [query_pos, key_pos].
pub fn join(pattern: &[f32], queries: &Words, keys: &Words) -> Vec<f32> {
    let n_key = keys.0.last().map_or(0, |word| word.end);
    let mut joined = Vec::with_capacity(queries.len() * keys.len());
    for query in &queries.0 {
        for key in &keys.0 {
            let rows = query.clone().map(|query| &pattern[query * n_key..][key.clone()]);
            let total: f64 = rows.flatten().map(|weight| f64::from(*weight)).sum();
            joined.push((total / query.len() as f64) as f32);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Words {
        fn of_lengths(lengths: &[usize]) -> Self {
            let mut end = 0;
            let mut word = |length: &usize| {
                end += length;
                end - length..end
            };
            Self(lengths.iter().map(&mut word).collect())
        }
    }

    fn joined(tokens: &[&str], form: TokenForm, special: &[usize], starts: &[usize]) -> Vec<String> {
        let tokens: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
        let special: Vec<bool> = (0..tokens.len()).map(|position| special.contains(&position)).collect();
        let words = Words::of(&tokens, form, &special, starts);
        assert_eq!(words.of_token().len(), tokens.len());
        words.0.iter().map(|word| tokens[word.clone()].join("+")).collect()
    }

    #[test]
    fn pieces_of_words() {
        use TokenForm::*;
        assert_eq!(
            joined(&["[CLS]", "un", "##afford", "##able", ",", "##", "x"], Wordpiece, &[0], &[]),
            ["[CLS]", "un+##afford+##able", ",", "##", "x"]
        );
        assert_eq!(
            joined(&["Ġun", "afford", "able", ",", "Ġdon", "'t", "Ġ'", "quoted", "'"], ByteLevel, &[], &[]),
            ["Ġun+afford+able", ",", "Ġdon+'t", "Ġ'", "quoted", "'"]
        );
        // One character in three tokens; a line break; a special token; a second text.
        assert_eq!(joined(&["Ġâ", "Ŀ", "¤", "ĊĊ", "a"], ByteLevel, &[], &[]), ["Ġâ+Ŀ+¤", "ĊĊ", "a"]);
        assert_eq!(joined(&["a", "<s>", "b", "c", "d"], ByteLevel, &[1], &[3]), ["a", "<s>", "b", "c+d"]);
        assert_eq!(joined(&["▁in", "side", "▁out", "."], Sentencepiece, &[], &[]), ["▁in+side", "▁out", "."]);
        assert_eq!(joined(&["▁", "<0xE2>", "<0x9D>"], Sentencepiece, &[], &[]), ["▁", "<0xE2>+<0x9D>"]);
        assert_eq!(joined(&["a", "b"], Plain, &[], &[]), ["a", "b"]);
    }

    #[test]
    fn weights_into_words_are_summed_and_out_of_them_averaged() {
        let words = Words(vec![0..1, 1..3]);
        let pattern = [0.2, 0.3, 0.5, 1.0, 0.0, 0.0, 0.0, 0.25, 0.75];
        assert_eq!(join(&pattern, &words, &words), [0.2, 0.8, 0.5, 0.5]);
        assert_eq!(join(&pattern, &Words::single(3), &Words::single(3)), pattern);
        // Rectangular: two queries over three keys.
        assert_eq!(join(&pattern[..6], &Words::of_lengths(&[2]), &Words::of_lengths(&[2, 1])), [0.75, 0.25]);
    }

    #[test]
    fn rows_still_sum_to_one() {
        let words = Words(vec![0..2, 2..3, 3..5]);
        let pattern: Vec<f32> = (0..25).map(|at| ((at * 7) % 5 + 1) as f32 / 15.0).collect();
        for row in join(&pattern, &words, &words).chunks_exact(3) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
    }
}

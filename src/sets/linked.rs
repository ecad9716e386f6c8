//! Which two places of a text are looked at: two words, or two parts of a pattern. Their places become marks of a row, so that the
//! weight between marked words is the weight between them.

use super::words_of;
use super::{Row, to_json_lines};

/// The mark of the words that read.
pub const READING: &str = "reading";
/// The mark of the words that are read.
pub const READ: &str = "read";

/// The two places: words that read, and words that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// Two words, or phrases: of each text the two that stand nearest to each other.
    Words {
        /// Words that read.
        reading: Vec<Word>,
        /// Words that are read.
        read: Vec<Word>,
    },
    /// Two parts of a pattern: the first place of a text that it fits.
    Pattern(Pattern),
}

/// Words in order with two parts, as in "the [nurse] … (she|he)".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Words that follow one another; between these runs stands anything.
    runs: Vec<Vec<Word>>,
    /// The part that reads.
    reading: Part,
    /// The part that is read.
    read: Part,
}

/// A part of a pattern: a run, and its words from one to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    run: usize,
    from: usize,
    to: usize,
}

/// What a word of a text is compared with: alternatives, in which a `*` stands for any letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Vec<String>);

impl Word {
    fn of(text: &str) -> Option<Self> {
        let each = text.split('|').map(|word| inner(&word.to_lowercase()).to_owned());
        let each: Vec<String> = each.filter(|word| !word.is_empty()).collect();
        (!each.is_empty()).then_some(Self(each))
    }

    fn fits(&self, word: &str) -> bool {
        self.0.iter().any(|wanted| fits(wanted, word))
    }
}

/// A word without the apostrophes and hyphens around it.
fn inner(word: &str) -> &str {
    word.trim_matches(['\'', '’', '-'])
}

/// Whether a word is what a pattern with `*` says.
fn fits(wanted: &str, word: &str) -> bool {
    let mut parts = wanted.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = word.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The words of something typed: letters, digits, apostrophes, hyphens, `*` and `|`.
fn typed_words(text: &str) -> Vec<Word> {
    let is_of_word = |letter: char| letter.is_alphanumeric() || "'’-$*|".contains(letter);
    text.split(|letter: char| !is_of_word(letter)).filter_map(Word::of).collect()
}

/// A text's words: byte ranges, and the words in lower case.
fn words(text: &str) -> Vec<((usize, usize), String)> {
    let word = |(from, to): (usize, usize)| {
        let word = inner(&text[from..to]);
        let from = from + text[from..to].find(word).unwrap_or(0);
        ((from, from + word.len()), word.to_lowercase())
    };
    words_of(text).into_iter().map(word).filter(|(_, word)| !word.is_empty()).collect()
}

/// The first words, from a place on, that are what a run says.
fn find(words: &[((usize, usize), String)], run: &[Word], from: usize) -> Option<usize> {
    let is_here = |at: &usize| run.iter().zip(&words[*at..]).all(|(wanted, (_, word))| wanted.fits(word));
    (from..(words.len() + 1).saturating_sub(run.len())).find(is_here)
}

impl Linked {
    /// Two words or phrases as typed.
    ///
    /// # Errors
    /// A sentence that says which of them is missing.
    pub fn of_words(reading: &str, read: &str) -> Result<Self, String> {
        let (reading, read) = (typed_words(reading), typed_words(read));
        match (reading.is_empty(), read.is_empty()) {
            (true, _) => Err("Type the word that reads, as “she”.".to_owned()),
            (_, true) => Err("Type the word that is read, as “nurse”.".to_owned()),
            _ => Ok(Linked::Words { reading, read }),
        }
    }

    /// A pattern as typed.
    ///
    /// # Errors
    /// A sentence that says what it lacks.
    pub fn of_pattern(typed: &str) -> Result<Self, String> {
        let example = "as in “the [nurse] … (she|he)”";
        let wrong = |what: &str| {
            Err(format!("{what}: write the part that is read in [ ], the part that reads in ( ), {example}."))
        };
        let mut runs: Vec<Vec<Word>> = vec![Vec::new()];
        let mut parts: [Option<Part>; 2] = [None, None];
        let (mut open, mut word) = (None::<(usize, usize, usize)>, String::new());
        for letter in typed.replace("...", "…").chars().chain([' ']) {
            let is_of_word = letter.is_alphanumeric() || "'’-$*|".contains(letter);
            if is_of_word {
                word.push(letter);
                continue;
            }
            let last = runs.len() - 1;
            runs[last].extend(Word::of(&std::mem::take(&mut word)));
            match (letter, open) {
                ('(' | '[', Some(_)) => return wrong("A part begins inside another part"),
                ('(' | '[', None) => {
                    let kind = usize::from(letter == '[');
                    if parts[kind].is_some() {
                        return wrong("There is one part of each kind");
                    }
                    open = Some((kind, last, runs[last].len()));
                }
                (')' | ']', Some((kind, run, from))) if (letter == ']') == (kind == 1) => {
                    let to = runs[last].len();
                    if from == to {
                        return wrong("A part is empty");
                    }
                    parts[kind] = Some(Part { run, from, to });
                    open = None;
                }
                (')' | ']', _) => return wrong("A bracket closes nothing"),
                ('…', Some(_)) => return wrong("“…” stands inside a part"),
                ('…', None) if !runs[last].is_empty() => runs.push(Vec::new()),
                _ => {}
            }
        }
        if open.is_some() {
            return wrong("A part is not closed");
        }
        runs.retain(|run| !run.is_empty());
        match parts {
            [Some(reading), Some(read)] => Ok(Linked::Pattern(Pattern { runs, reading, read })),
            [None, _] => wrong("No part reads"),
            [_, None] => wrong("No part is read"),
        }
    }

    /// Says whether any text can have such a link: in a model that reads from left to right a word reads what stands before it.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn check(&self, is_causal: bool) -> Result<(), String> {
        match self {
            Linked::Pattern(Pattern { reading, read, .. })
                if is_causal && (read.run, read.from) > (reading.run, reading.from) =>
            {
                Err("This model reads from left to right: the part that is read, in [ ], stands before the part that reads, in ( )."
                    .to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Byte ranges of the words that read and of those that are read. In a model that reads from left to right, `is_causal`, the words
    /// that are read stand before those that read.
    pub fn places(&self, text: &str, is_causal: bool) -> Option<[(usize, usize); 2]> {
        let words = words(text);
        let [reading, read] = match self {
            Linked::Words { reading, read } => nearest(&words, [reading, read], is_causal)?,
            Linked::Pattern(pattern) => pattern.places(&words)?,
        };
        let range = |(from, to): (usize, usize)| Some((words.get(from)?.0.0, words.get(to.checked_sub(1)?)?.0.1));
        Some([range(reading)?, range(read)?])
    }

    /// Why a text has no such places: a clause.
    pub fn missing(&self, is_causal: bool) -> &'static str {
        match self {
            Linked::Words { .. } if is_causal => "no word that is read stands before one that reads",
            Linked::Words { .. } => "it does not have both words",
            Linked::Pattern(_) => "the pattern fits nowhere",
        }
    }

    /// The rows of a set that have such places, with these as marks, and their indices in the set.
    pub fn rows(&self, rows: &[Row], is_causal: bool) -> LinkedRows {
        let mut found = LinkedRows::default();
        for (index, row) in rows.iter().enumerate() {
            let Some([reading, read]) = self.places(&row.text, is_causal) else { continue };
            let mut row = row.clone();
            row.marks = [(READING.to_owned(), reading), (READ.to_owned(), read)].into();
            found.rows.push(row);
            found.indices.push(index);
        }
        found
    }
}

/// Rows in which two places are marked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkedRows {
    /// The rows.
    pub rows: Vec<Row>,
    /// Their indices in the set.
    pub indices: Vec<usize>,
}

impl LinkedRows {
    /// The rows as JSON Lines.
    pub fn lines(&self) -> String {
        to_json_lines(&self.rows)
    }
}

/// Of all places of two phrases the two that stand nearest to each other, the first ones of several: ranges of words.
fn nearest(
    words: &[((usize, usize), String)],
    [reading, read]: [&Vec<Word>; 2],
    is_causal: bool,
) -> Option<[(usize, usize); 2]> {
    let all = |run: &[Word]| -> Vec<usize> {
        std::iter::successors(find(words, run, 0), |at| find(words, run, at + 1)).collect()
    };
    let (queries, keys) = (all(reading), all(read));
    let mut best: Option<(usize, usize, usize)> = None;
    for query in queries {
        let n_before = keys.partition_point(|key| key + read.len() <= query);
        let before = n_before.checked_sub(1).map(|at| keys[at]);
        let n_not_after = keys.partition_point(|key| *key < query + reading.len());
        let after = keys.get(n_not_after).copied().filter(|_| !is_causal);
        let apart = |key: usize| if key < query { query - key - read.len() } else { key - query - reading.len() };
        for key in before.into_iter().chain(after) {
            if best.is_none_or(|(least, ..)| apart(key) < least) {
                best = Some((apart(key), query, key));
            }
        }
    }
    best.map(|(_, query, key)| [(query, query + reading.len()), (key, key + read.len())])
}

impl Pattern {
    /// The parts at the first place that the pattern fits, gaps as short as they can be with this end: ranges of words.
    fn places(&self, words: &[((usize, usize), String)]) -> Option<[(usize, usize); 2]> {
        let mut starts: Vec<usize> = Vec::with_capacity(self.runs.len());
        let mut from = 0;
        for run in &self.runs {
            let at = find(words, run, from)?;
            starts.push(at);
            from = at + run.len();
        }
        // Earlier runs move up to the ones that follow them.
        for index in (0..self.runs.len().saturating_sub(1)).rev() {
            let (run, before) = (&self.runs[index], starts[index + 1]);
            let fits_at = |at: &usize| find(&words[..at + run.len()], run, *at).is_some();
            let closest = (starts[index]..=before - run.len()).rev().find(fits_at);
            starts[index] = closest.unwrap_or(starts[index]);
        }
        let range = |part: Part| (starts[part.run] + part.from, starts[part.run] + part.to);
        Some([range(self.reading), range(self.read)])
    }
}

#[cfg(test)]
mod tests;

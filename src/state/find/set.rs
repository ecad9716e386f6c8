//! A set as the workbench holds it: its rows, and what was said of them when they were read.

use crate::sets::made::Made;
use crate::sets::{self, Columns, ReadSet, Refused, Row, SetError};

/// The form of a set that is typed or pasted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// By its first line: JSON, a table with tabs, else a text a line.
    #[default]
    Guessed,
    /// A table with commas.
    Csv,
    /// A table with tabs.
    Tsv,
    /// An object a line.
    JsonLines,
    /// A list of objects.
    Json,
    /// A text a line.
    Lines,
}

impl Format {
    /// In the order in which they are offered.
    pub const EACH: [Format; 6] =
        [Format::Guessed, Format::Csv, Format::Tsv, Format::JsonLines, Format::Json, Format::Lines];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Format::Guessed => "By its first line",
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::JsonLines => "JSON Lines",
            Format::Json => "JSON",
            Format::Lines => "A text a line",
        }
    }

    /// The name that a file of this form would have.
    fn file_name(self) -> &'static str {
        match self {
            Format::Guessed => "",
            Format::Csv => "typed.csv",
            Format::Tsv => "typed.tsv",
            Format::JsonLines => "typed.jsonl",
            Format::Json => "typed.json",
            Format::Lines => "typed.txt",
        }
    }
}

/// Where a set comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SetSource {
    /// Made by the program.
    Made(Made, usize, u64),
    /// Typed or pasted.
    Typed(Format, String),
    /// A file: its name and bytes.
    File(String, Vec<u8>),
}

impl SetSource {
    /// The set.
    ///
    /// # Errors
    /// A clause that says what is wrong with the file, and the columns that are there, where these are at fault.
    pub fn read(&self, columns: &Columns) -> Result<LoadedSet, (String, Vec<String>)> {
        let (name, read) = match self {
            SetSource::Made(made, n_rows, seed) => {
                let rows = made.rows(*n_rows, *seed);
                let name = format!("{} (made, seed {seed})", made.name());
                let (refused, columns, notes) = (Vec::new(), Vec::new(), Vec::new());
                (name, ReadSet { rows, refused, form: "made", columns, notes })
            }
            SetSource::Typed(format, text) => {
                let read = sets::read(format.file_name(), text.as_bytes(), columns);
                ("typed set".to_owned(), read.map_err(|error| (error.to_string(), error.columns().to_vec()))?)
            }
            SetSource::File(name, bytes) => {
                let read = sets::read(name, bytes, columns);
                let about = |error: SetError| (format!("{name}: {error}"), error.columns().to_vec());
                (name.clone(), read.map_err(about)?)
            }
        };
        if read.rows.is_empty() {
            let first = read.refused.first();
            let reason = first.map(|first| format!(": line {}: {}", first.line, first.reason)).unwrap_or_default();
            return Err((format!("{name}: no row fits{reason}"), read.columns));
        }
        let made = match self {
            SetSource::Made(made, n_rows, seed) => Some(format!("{}:{n_rows}:{seed}", made.name())),
            SetSource::Typed(..) | SetSource::File(..) => None,
        };
        Ok(LoadedSet::new(name, made, read))
    }
}

impl SetSource {
    /// The source that a link's "coreference:80:0" names.
    pub fn of_link(made: &str) -> Option<Self> {
        let mut parts = made.split(':');
        let name = parts.next()?;
        let made = Made::ALL.into_iter().find(|made| made.name() == name)?;
        let n_rows = parts.next()?.parse().ok().filter(|n_rows| (1..=sets::MAX_ROWS).contains(n_rows))?;
        Some(SetSource::Made(made, n_rows, parts.next()?.parse().ok()?))
    }
}

/// Rows, and what was said of them when they were read.
#[derive(Clone, Debug)]
pub struct LoadedSet {
    /// Its name, for sentences.
    pub name: String,
    /// The rows.
    pub rows: Vec<Row>,
    /// The rows as JSON Lines.
    pub lines: String,
    /// How the program made it: name, rows and seed, "coreference:80:0".
    pub made: Option<String>,
    /// Names it in links: the beginning of the SHA-256 of its lines.
    pub hash: String,
    /// Records that do not make a row.
    pub refused: Vec<Refused>,
    /// What its columns were recognised as.
    pub form: &'static str,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// What was assumed or left out, a sentence each.
    pub notes: Vec<String>,
}

impl PartialEq for LoadedSet {
    /// The hash stands for the rows.
    fn eq(&self, other: &Self) -> bool {
        (&self.hash, &self.name, &self.refused, &self.notes) == (&other.hash, &other.name, &other.refused, &other.notes)
    }
}

impl LoadedSet {
    /// A set that was written as JSON Lines.
    pub(super) fn of_lines(name: &str, lines: &str) -> Result<Self, String> {
        let read = sets::read("kept.jsonl", lines.as_bytes(), &Columns::default());
        Ok(Self::new(name.to_owned(), None, read.map_err(|error| error.to_string())?))
    }

    fn new(name: String, made: Option<String>, read: ReadSet) -> Self {
        let ReadSet { rows, refused, form, columns, notes } = read;
        let (lines, hash) = (sets::to_json_lines(&rows), sets::hash(&rows));
        Self { name, rows, lines, made, hash, refused, form, columns, notes }
    }

    /// The names of marked words, those of the first row that has any.
    pub fn marks(&self) -> Vec<String> {
        let first = self.rows.iter().find(|row| !row.marks.is_empty());
        first.map(|row| row.marks.keys().cloned().collect()).unwrap_or_default()
    }

    /// Different labels, up to a few more than two.
    pub fn labels(&self) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for label in self.rows.iter().filter_map(|row| row.label.as_ref()) {
            let label = label.to_string();
            if !labels.contains(&label) {
                labels.push(label);
            }
            if labels.len() > 12 {
                break;
            }
        }
        labels
    }

    /// Whether rows name an answer.
    pub fn has_answers(&self) -> bool {
        self.rows.iter().any(|row| row.answer.is_some())
    }

    /// Whether rows have a second text.
    pub fn has_pairs(&self) -> bool {
        self.rows.iter().any(|row| row.text_pair.is_some())
    }

    /// Whether rows are versions of minimal pairs.
    pub fn has_versions(&self) -> bool {
        self.rows.iter().any(|row| row.version.is_some())
    }
}

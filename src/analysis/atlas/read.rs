//! Reads an atlas file: all of it is checked when it is opened, examples are decoded when they are looked at.

use std::collections::BTreeMap;
use std::fmt;

use super::{AtlasMetadata, FORMAT, Link, Summary};
use crate::fields::Field;
use crate::trace::display::token_label;
use crate::trace::file::header::{Entry, Header, HeaderError, Parsed, parse};

/// Mean, low and high end of the interval, and number of texts.
const N_STATS: usize = 4;
/// Most layers times heads times scores; the largest open models have some 10,000 heads.
const MAX_PLACES: usize = 4_000_000;

/// Why a file is not an atlas that can be shown.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AtlasError {
    /// Not a safetensors file, or not a whole one.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A safetensors file of another kind.
    #[error(
        "{0}: a safetensors file without the text \"headlight_atlas\" in its metadata is not an atlas: `headlight atlas` writes them"
    )]
    Other(String),
    /// The JSON object of the file.
    #[error("{file}: headlight_atlas: {reason}")]
    Metadata {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor.
    #[error("{file}: tensor {tensor}: {reason}")]
    Tensor {
        /// The file.
        file: String,
        /// The tensor.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A text that is an example of a head and a score.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasExample {
    /// Its tokens.
    pub ids: Vec<u32>,
    /// The head's strongest link in it; both ends are positions of the text.
    pub link: Link,
    /// The score in it.
    pub value: f32,
    /// Its tenth of the distribution, from 0; −1 for one of the highest.
    pub decile: i8,
}

/// An opened atlas file.
#[derive(Clone, PartialEq)]
pub struct AtlasFile {
    /// What the file says about itself.
    pub metadata: AtlasMetadata,
    /// Layers of the model.
    pub n_layers: usize,
    /// Heads of a layer.
    pub n_heads: usize,
    name: String,
    /// [N_STATS, n_layers, n_heads, n_scores].
    stats: Vec<f32>,
    tensors: BTreeMap<String, Entry>,
    bytes: Vec<u8>,
}

impl fmt::Debug for AtlasFile {
    /// Without the bytes, which are millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AtlasFile({}, {} × {})", self.name, self.n_layers, self.n_heads)
    }
}

impl AtlasFile {
    /// Opens a file; `name` is what messages call it.
    ///
    /// # Errors
    /// What is wrong with the file: its header, its JSON object, or the shape of a tensor.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Self, AtlasError> {
        let Parsed::Complete(header) = parse(name, bytes.len() as u64, &bytes)? else {
            return Err(AtlasError::Other(name.to_owned()));
        };
        let metadata = metadata(name, &header)?;
        let mut file = Self {
            metadata,
            n_layers: 0,
            n_heads: 0,
            name: name.to_owned(),
            stats: Vec::new(),
            tensors: header.tensors,
            bytes,
        };
        let Some(entry) = file.tensors.get("scores") else { return Err(file.wrong("scores", "is missing")) };
        let n_scores = file.metadata.scores.len();
        match entry.shape[..] {
            [N_STATS, n_layers, n_heads, n] if n == n_scores && n_layers > 0 && n_heads > 0 => {
                (file.n_layers, file.n_heads) = (n_layers, n_heads);
            }
            _ => {
                let expected = format!("expected [4, layer, head, {n_scores}], found {:?}", entry.shape);
                return Err(file.wrong("scores", &expected));
            }
        }
        if n_scores == 0 || file.n_all_heads().saturating_mul(n_scores) > MAX_PLACES {
            return Err(file.wrong("scores", &format!("expected 1 to {MAX_PLACES} numbers of heads and scores")));
        }
        let stats: Vec<f32> = file.numbers("scores", "F32")?.map(f32::from_le_bytes).collect();
        file.stats = stats;
        file.check_examples()?;
        Ok(file)
    }

    /// The file as it is kept on disk.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Heads of all layers.
    pub fn n_all_heads(&self) -> usize {
        self.n_layers * self.n_heads
    }

    /// The place of a score in the file's list.
    pub fn score(&self, id: &str) -> Option<usize> {
        self.metadata.scores.iter().position(|known| known == id)
    }

    /// Mean, interval and number of texts of a head, counted over all layers, and a score.
    pub fn summary(&self, head: usize, score: usize) -> Summary {
        let n_scores = self.metadata.scores.len();
        let stat = |stat: usize| self.stats[(stat * self.n_all_heads() + head) * n_scores + score];
        let [mean, low, high] = [0, 1, 2].map(|index| f64::from(stat(index)));
        Summary { mean, low, high, n: stat(3).max(0.0) as usize }
    }

    /// The means of a score, of every head.
    pub fn means(&self, score: usize) -> Vec<f64> {
        (0..self.n_all_heads()).map(|head| self.summary(head, score).mean).collect()
    }

    /// Whether a head has examples of a score.
    pub fn has_examples(&self, head: usize, score: usize) -> bool {
        self.tensors.contains_key(&self.tensor_name(head, score, "ids"))
    }

    /// The examples of a head and a score, as they stand in the file: the highest first.
    ///
    /// # Errors
    /// A number that no text has: a token below 0, a position after its end.
    pub fn examples(&self, head: usize, score: usize) -> Result<Vec<AtlasExample>, AtlasError> {
        if !self.has_examples(head, score) {
            return Ok(Vec::new());
        }
        let name = |part: &str| self.tensor_name(head, score, part);
        let whole = |part: &str| Ok::<_, AtlasError>(self.numbers(&name(part), "I32")?.map(i32::from_le_bytes));
        let lengths: Vec<i32> = whole("lengths")?.collect();
        let ids: Vec<i32> = whole("ids")?.collect();
        let positions: Vec<i32> = whole("positions")?.collect();
        let deciles: Vec<i32> = whole("decile")?.collect();
        let values: Vec<f32> = self.numbers(&name("values"), "F32")?.map(f32::from_le_bytes).collect();
        let n_pos = ids.len() / lengths.len().max(1);
        let example = |index: usize| {
            let wrong = |part: &str, what: &str| self.wrong(&name(part), &format!("example {index}: {what}"));
            let length = usize::try_from(lengths[index]).ok().filter(|length| (1..=n_pos).contains(length));
            let length = length.ok_or_else(|| wrong("lengths", &format!("expected 1 to {n_pos} tokens")))?;
            let ids: Option<Vec<u32>> =
                ids[index * n_pos..][..length].iter().map(|id| u32::try_from(*id).ok()).collect();
            let ids = ids.ok_or_else(|| wrong("ids", "the id of a token is below 0"))?;
            let position = |at: usize| {
                let found = u32::try_from(positions[2 * index + at]).ok();
                found.filter(|position| (*position as usize) < length)
            };
            let link = position(0).zip(position(1));
            let link = link.ok_or_else(|| wrong("positions", &format!("expected 0 to {}", length - 1)))?;
            let decile = i8::try_from(deciles[index]).ok().filter(|decile| (-1..=9).contains(decile));
            let decile = decile.ok_or_else(|| wrong("decile", "expected −1 to 9"))?;
            let value = Some(values[index]).filter(|value| value.is_finite());
            let value = value.ok_or_else(|| wrong("values", "the number is not finite"))?;
            Ok(AtlasExample { ids, link, value, decile })
        };
        (0..lengths.len()).map(example).collect()
    }

    /// What is shown of a token: its label, or its id where the file does not name it.
    pub fn label(&self, id: u32) -> String {
        let token = self.metadata.tokens.get(&id);
        token.map_or_else(|| format!("⟨{id}⟩"), |token| token_label(token, self.metadata.token_form).plain)
    }

    fn tensor_name(&self, head: usize, score: usize, part: &str) -> String {
        let id = &self.metadata.scores[score];
        format!("examples.{}.{}.{id}.{part}", head / self.n_heads, head % self.n_heads)
    }

    /// The numbers of a tensor whose shape was checked, four bytes each.
    fn numbers(&self, name: &str, element: &str) -> Result<impl Iterator<Item = [u8; 4]> + use<'_>, AtlasError> {
        let Some(entry) = self.tensors.get(name) else { return Err(self.wrong(name, "is missing")) };
        if entry.dtype != element {
            return Err(self.wrong(name, &format!("expected {element}, found {}", entry.dtype)));
        }
        // The header was checked against the file's length.
        let bytes = &self.bytes[entry.offset as usize..(entry.offset + entry.len) as usize];
        Ok(bytes.as_chunks().0.iter().copied())
    }

    /// Checks the shapes of all examples against each other.
    fn check_examples(&self) -> Result<(), AtlasError> {
        for head in 0..self.n_all_heads() {
            for score in 0..self.metadata.scores.len() {
                let name = |part: &str| self.tensor_name(head, score, part);
                let Some(ids) = self.tensors.get(&name("ids")) else { continue };
                let [n, n_pos] = ids.shape[..] else {
                    return Err(self.wrong(&name("ids"), &format!("expected [example, pos], found {:?}", ids.shape)));
                };
                let parts: [(&str, &[usize], &str); 5] = [
                    ("ids", &[n, n_pos], "I32"),
                    ("lengths", &[n], "I32"),
                    ("positions", &[n, 2], "I32"),
                    ("values", &[n], "F32"),
                    ("decile", &[n], "I32"),
                ];
                for (part, shape, element) in parts {
                    let found = self.tensors.get(&name(part)).ok_or_else(|| self.wrong(&name(part), "is missing"))?;
                    if found.shape != shape || found.dtype != element {
                        let found = format!("found {} {:?}", found.dtype, found.shape);
                        return Err(self.wrong(&name(part), &format!("expected {element} {shape:?}, {found}")));
                    }
                }
            }
        }
        Ok(())
    }

    fn wrong(&self, tensor: &str, reason: &str) -> AtlasError {
        AtlasError::Tensor { file: self.name.clone(), tensor: tensor.to_owned(), reason: reason.to_owned() }
    }
}

fn metadata(file: &str, header: &Header) -> Result<AtlasMetadata, AtlasError> {
    let Some(json) = header.metadata.get("headlight_atlas") else { return Err(AtlasError::Other(file.to_owned())) };
    let read = serde_json::from_str(json).map_err(|error| error.to_string()).and_then(AtlasMetadata::read);
    let wrong = |reason: String| AtlasError::Metadata { file: file.to_owned(), reason };
    let metadata = read.map_err(wrong)?;
    if metadata.format != FORMAT {
        let newer =
            format!("format {} is not known here, {FORMAT} is: open it with a newer Headlight", metadata.format);
        return Err(wrong(newer));
    }
    Ok(metadata)
}

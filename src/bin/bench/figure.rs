//! Makes a figure of samples: one JSON line with the bound that it is held to.

use serde_json::{Value, json};

/// Fields in the order in which they are printed.
type Line = Vec<(String, Value)>;

/// The bound that a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// None: the figure only informs.
    None,
    /// The median must be this or more.
    AtLeast(f64),
    /// The median must be this or less.
    AtMost(f64),
}

/// Sizes printed with a figure, where they are known.
#[derive(Clone, Copy, Default)]
pub struct Bytes {
    /// Size of the worker's WebAssembly memory.
    pub memory: Option<u64>,
    /// Size of the weights as held.
    pub weights: Option<u64>,
}

/// Prints the figure with these samples, each in milliseconds.
///
/// # Errors
/// Without samples there is no median.
pub fn print(name: &str, how: &str, samples_ms: &[f64], bytes: Bytes, bound: Bound) -> Result<(), String> {
    let mut line = summary(name, "_ms", samples_ms, bound)?;
    line.push(("how".to_owned(), json!(how)));
    for (key, bytes) in [("memory_bytes", bytes.memory), ("weight_bytes", bytes.weights)] {
        if let Some(bytes) = bytes {
            line.push((key.to_owned(), json!(bytes)));
        }
    }
    say(line);
    Ok(())
}

/// Samples of a ratio and of the numbers it was made from.
pub struct Shares {
    name: String,
    how: &'static str,
    samples: Vec<f64>,
    parts: Vec<(&'static str, Vec<f64>)>,
}

impl Shares {
    /// Without samples.
    pub fn new(name: &str, how: &'static str) -> Self {
        Self { name: name.to_owned(), how, samples: Vec::new(), parts: Vec::new() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a sample.
    pub fn add(&mut self, sample: f64) {
        self.samples.push(sample);
    }

    /// Adds a sample with the numbers it was made from.
    pub fn add_with(&mut self, sample: f64, parts: &[(&'static str, f64)]) {
        self.add(sample);
        for (name, part) in parts {
            match self.parts.iter_mut().find(|(known, _)| known == name) {
                Some((_, samples)) => samples.push(*part),
                None => self.parts.push((name, vec![*part])),
            }
        }
    }

    /// Prints the figure.
    ///
    /// # Errors
    /// Without samples there is no median.
    pub fn print(self, bound: Bound) -> Result<(), String> {
        let mut line = summary(&self.name, "", &self.samples, bound)?;
        for (name, mut samples) in self.parts {
            line.push((name.to_owned(), json!(rounded(median(&self.name, &mut samples)?))));
        }
        line.push(("how".to_owned(), json!(self.how)));
        say(line);
        Ok(())
    }
}

fn summary(name: &str, unit: &str, samples: &[f64], bound: Bound) -> Result<Line, String> {
    let mut sorted = samples.to_vec();
    let middle = median(name, &mut sorted)?;
    let mut line = Line::new();
    line.push(("name".to_owned(), json!(name)));
    line.push((format!("median{unit}"), json!(rounded(middle))));
    let (text, is_met) = match bound {
        Bound::None => (None, true),
        Bound::AtLeast(least) => (Some(format!("at least {least}")), middle >= least),
        Bound::AtMost(most) => (Some(format!("at most {most}")), middle <= most),
    };
    if let Some(text) = text {
        line.push(("bound".to_owned(), json!(text)));
        line.push(("met".to_owned(), json!(is_met)));
    }
    for (key, value) in [("min", sorted.first()), ("max", sorted.last())] {
        line.push((format!("{key}{unit}"), json!(value.map(|value| rounded(*value)))));
    }
    line.push(("runs".to_owned(), json!(sorted.len())));
    Ok(line)
}

/// Sorts the samples and returns their median.
fn median(name: &str, samples: &mut [f64]) -> Result<f64, String> {
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    let upper = samples.get(middle).ok_or_else(|| format!("{name} was not measured"))?;
    Ok(if samples.len() % 2 == 1 { *upper } else { (samples[middle - 1] + upper) / 2.0 })
}

fn say(line: Line) {
    let fields: Vec<String> = line.into_iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    crate::print(&format!("BENCH {{{}}}", fields.join(",")));
}

/// Rounds to four digits, times and shares alike.
fn rounded(value: f64) -> f64 {
    let scale = if value.abs() < 10.0 { 1e4 } else { 1e2 };
    (value * scale).round() / scale
}

//! Command line options, read by name. An option that no command reads is an error.

use anyhow::{Result, bail};

/// The words after the command. Each read takes what it recognises; `finish` refuses the rest.
pub struct Args {
    words: Vec<String>,
}

impl Args {
    /// `--name=value` counts as `--name value`.
    pub fn new(words: impl Iterator<Item = String>) -> Self {
        let mut split = Vec::new();
        for word in words {
            match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => {
                    split.push(name.to_owned());
                    split.push(value.to_owned());
                }
                _ => split.push(word),
            }
        }
        Self { words: split }
    }

    /// Whether the flag `name` was given.
    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// The value after `name`; the last one where it was given more than once.
    pub fn value(&mut self, name: &str) -> Result<Option<String>> {
        Ok(self.values(name)?.pop())
    }

    /// The values after each `name`, in order.
    pub fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        while let Some(at) = self.words.iter().position(|word| word == name) {
            if at + 1 >= self.words.len() {
                bail!("{name} needs a value");
            }
            self.words.remove(at);
            found.push(self.words.remove(at));
        }
        Ok(found)
    }

    /// Call last: a word that was not read is an error.
    pub fn finish(self) -> Result<()> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => bail!("unknown option {word:?}; `cargo xtask help` lists them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn reads_flags_and_values() {
        let mut some = args("--zip --port 81 --only a --only=b");
        assert!(some.flag("--zip"));
        assert!(!some.flag("--fast"));
        assert_eq!(some.value("--port").unwrap(), Some("81".to_owned()));
        assert_eq!(some.values("--only").unwrap(), ["a", "b"]);
        some.finish().unwrap();
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(args("--what").finish().is_err());
        assert!(args("--port").value("--port").is_err());
    }
}

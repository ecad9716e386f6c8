//! Reading a set into the workbench: what was typed, made, picked or linked.

use std::sync::Arc;

use super::Find;
use super::set::SetSource;
use crate::sets::made::Made;
use crate::sets::{Columns, MAX_ROWS};
use crate::state::link::LinkedSet;
use crate::state::wording;

impl Find {
    /// The seed that is typed.
    pub(super) fn seed(&self) -> Result<u64, String> {
        let seed = self.seed.trim().parse().ok();
        seed.ok_or_else(|| format!("“{}” is not a seed: type a whole number from 0.", wording::shortened(&self.seed)))
    }

    /// How many permutations are typed.
    pub(super) fn n_permutations(&self) -> Result<u32, String> {
        let typed = &self.form.n_permutations;
        let n_permutations = typed.trim().parse().ok().filter(|n| (20..=100_000).contains(n));
        n_permutations.ok_or_else(|| {
            format!("“{}” is not a number of permutations from 20 to 100,000.", wording::shortened(typed))
        })
    }

    /// The made set that is picked, with the rows and the seed that are typed.
    pub(super) fn made_source(&self) -> Result<SetSource, String> {
        let n_rows = self.n_rows.trim().parse().ok().filter(|n_rows| (1..=MAX_ROWS).contains(n_rows));
        let n_rows = n_rows.ok_or_else(|| {
            format!("“{}” is not a number of rows from 1 to {MAX_ROWS}.", wording::shortened(&self.n_rows))
        })?;
        Ok(SetSource::Made(Made::ALL[self.made], n_rows, self.seed()?))
    }

    /// Opens the set of a link.
    pub(super) fn open_linked(&mut self, linked: &LinkedSet) {
        if self.set.as_ref().is_some_and(|set| Some(&set.hash) == linked.hash.as_ref()) {
            return;
        }
        let made = linked.made.as_deref().and_then(SetSource::of_link);
        let rows = || Some(SetSource::File("set-of-the-link.jsonl".to_owned(), linked.rows.clone()?.into_bytes()));
        match made.or_else(rows) {
            Some(source) => self.read_anew(source),
            None => self.problem = Some(not_in_link(linked)),
        }
    }

    /// Reads another source; columns are recognised again.
    pub(super) fn read_anew(&mut self, source: SetSource) {
        self.columns = Columns::default();
        self.source = Some(Arc::new(source));
        self.read();
    }

    /// Reads the source. The set before stays where the source is not one.
    pub(super) fn read(&mut self) {
        let Some(source) = &self.source else { return };
        match source.read(&self.columns) {
            Ok(set) => {
                if self.set.as_ref().is_none_or(|before| before.hash != set.hash) {
                    self.form = self.form.suited(&set);
                    self.n_searches = 0;
                }
                self.column_names.clone_from(&set.columns);
                (self.set, self.problem) = (Some(Arc::new(set)), None);
            }
            Err((problem, columns)) => {
                (self.problem, self.column_names) = (Some(wording::sentence(&problem)), columns);
            }
        }
    }
}

/// Why the set of a link is not here, and what to do: a sentence.
fn not_in_link(linked: &LinkedSet) -> String {
    if let Some(made) = &linked.made {
        let made = wording::shortened(made);
        let names = Made::ALL.map(Made::name).join(", ");
        return format!(
            "This link names the set “{made}”, which cannot be made: a made set is written as its name ({names}), its number of rows, 1 \
             to {MAX_ROWS}, and its seed, as in “coreference:80:0”. Make a set here, or open a file."
        );
    }
    let name = wording::shortened(linked.hash.as_deref().unwrap_or_default());
    format!(
        "This link names the set {name}, which is too large for a link: open its file here, which “Save as JSON Lines” writes."
    )
}

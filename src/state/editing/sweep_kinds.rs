//! Kinds of sweep as the panel offers them, and how far the last one is.

use crate::edit::PatchSite;
use crate::protocol::{OutcomeAsked, SweepAsked};
use crate::state::{State, wording};

/// What can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepKind {
    /// Every head becomes 0.
    ZeroHeads,
    /// Every head becomes its mean over positions.
    PositionMean,
    /// Every head becomes its mean over other texts.
    MeanOverTexts,
    /// Every key is cut, layer by layer.
    CutKeys,
    /// What another text computes comes into this one.
    Noising,
    /// What this text computes comes into another one.
    Denoising,
}

impl SweepKind {
    /// In the order in which they are offered.
    pub const EACH: [SweepKind; 6] = [
        SweepKind::ZeroHeads,
        SweepKind::PositionMean,
        SweepKind::MeanOverTexts,
        SweepKind::CutKeys,
        SweepKind::Noising,
        SweepKind::Denoising,
    ];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            SweepKind::ZeroHeads => "Zero every head",
            SweepKind::PositionMean => "Mean-ablate every head",
            SweepKind::MeanOverTexts => "Mean-ablate every head over other texts",
            SweepKind::CutKeys => "Cut every key",
            SweepKind::Noising => "Patch the other text into this one (noising)",
            SweepKind::Denoising => "Patch this text into the other one (denoising)",
        }
    }

    /// The label of its field for texts, where it has one.
    pub fn texts(self) -> Option<&'static str> {
        match self {
            SweepKind::MeanOverTexts => Some("Other texts, one per line"),
            SweepKind::Noising | SweepKind::Denoising => Some("Other text with the same number of tokens"),
            SweepKind::ZeroHeads | SweepKind::PositionMean | SweepKind::CutKeys => None,
        }
    }

    /// Whether it takes something from another text.
    pub fn has_site(self) -> bool {
        matches!(self, SweepKind::Noising | SweepKind::Denoising)
    }

    /// The sweep, with what its fields hold: other texts, and what is taken from them.
    ///
    /// # Errors
    /// What is missing.
    pub fn asked(self, texts: &str, site: PatchSite) -> Result<SweepAsked, &'static str> {
        let mut lines = texts.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
        let mut one = || lines.next().ok_or("Type the other text.");
        Ok(match self {
            SweepKind::ZeroHeads => SweepAsked::ZeroHeads,
            SweepKind::PositionMean => SweepAsked::PositionMeanHeads,
            SweepKind::CutKeys => SweepAsked::CutKeys,
            SweepKind::MeanOverTexts => {
                let first = one()?;
                SweepAsked::MeanHeads(std::iter::once(first).chain(lines).collect())
            }
            SweepKind::Noising => SweepAsked::Patch { site, text: one()?, is_denoising: false },
            SweepKind::Denoising => SweepAsked::Patch { site, text: one()?, is_denoising: true },
        })
    }
}

/// How far the last sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepProgress {
    /// Cells that are measured.
    pub n_done: usize,
    /// Cells in all.
    pub n_all: usize,
    /// Whether more will come.
    pub is_running: bool,
}

impl SweepProgress {
    /// "12 of 270", "stopped at 12 of 270", "270 cells".
    pub fn words(self) -> String {
        let Self { n_done, n_all, is_running } = self;
        match is_running {
            true => format!("{n_done} of {n_all}"),
            false if n_done < n_all => format!("stopped at {n_done} of {n_all}"),
            false => wording::count(n_all, "cell"),
        }
    }
}

impl State {
    /// Whether a kind of sweep fits the outcome: two texts of a cosine have positions of their own and share only heads.
    pub fn offers_sweep(&self, kind: SweepKind) -> bool {
        let is_by_position = matches!(kind, SweepKind::CutKeys | SweepKind::Noising | SweepKind::Denoising);
        !(is_by_position && matches!(self.editing.asked, OutcomeAsked::Cosine { .. }))
    }

    /// Why no sweep can start now.
    pub fn sweep_obstacle(&self) -> Option<&'static str> {
        match (self.editing.outcome_a(), self.is_busy()) {
            (None, false) => Some("Choose an outcome first: a sweep measures what edits do to it."),
            _ => None,
        }
    }

    /// How far the last sweep is.
    pub fn sweep_progress(&self) -> Option<SweepProgress> {
        let (sweep, shown) = (self.editing.sweep.as_ref()?, self.shown.as_ref()?);
        let n_columns = if sweep.is_by_position() { shown.predicting().0.len() } else { shown.spec.n_heads };
        let request = self.work.request.as_ref().map(|work| work.request);
        let is_running = request == Some(sweep.request);
        Some(SweepProgress { n_done: sweep.cells.len(), n_all: shown.spec.n_layers * n_columns, is_running })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_with_its_texts_is_a_sweep_and_without_them_says_what_is_missing() {
        assert_eq!(SweepKind::CutKeys.asked("", PatchSite::Stream), Ok(SweepAsked::CutKeys));
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(
            SweepKind::MeanOverTexts.asked("one\n\n two", PatchSite::Stream),
            Ok(SweepAsked::MeanHeads(texts(&["one", " two"])))
        );
        let patch = SweepAsked::Patch { site: PatchSite::Mlp, text: "one".to_owned(), is_denoising: true };
        assert_eq!(SweepKind::Denoising.asked("\none\ntwo", PatchSite::Mlp), Ok(patch));
        for kind in SweepKind::EACH {
            assert_eq!(kind.asked(" \n", PatchSite::Stream).is_err(), kind.texts().is_some(), "{kind:?}");
        }
    }

    #[test]
    fn progress_in_words() {
        let at = |n_done, is_running| SweepProgress { n_done, n_all: 270, is_running }.words();
        assert_eq!(
            (at(12, true), at(12, false), at(270, false)),
            ("12 of 270".to_owned(), "stopped at 12 of 270".to_owned(), "270 cells".to_owned())
        );
    }
}

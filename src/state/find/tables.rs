//! Recall and masks as tables that are saved.

use std::fmt::Write as _;

use super::recall::Grouping;
use super::trials::Trials;
use crate::analysis::statistics::{MaskEffect, six_places};

impl Trials {
    /// Recall as CSV: a line for each group of distances and depths, and for all rows.
    pub fn recall_csv(&self) -> String {
        let mut csv = "by,group,n,first_among,recall,low,high,edited_recall,edited_low,edited_high,p\n".to_owned();
        for (by, grouping) in [("distance", Grouping::Distance), ("depth", Grouping::Depth)] {
            let names: Vec<String> = grouping.names().into_iter().chain(["all rows".to_owned()]).collect();
            for (among, is_of_all_tokens) in [("answers", false), ("tokens", true)] {
                for (name, recall) in names.iter().zip(self.recall(grouping, is_of_all_tokens)) {
                    let Some(recall) = recall else { continue };
                    let none = (f64::NAN, (f64::NAN, f64::NAN), f64::NAN);
                    let ((before, (low, high)), (after, (after_low, after_high), p)) =
                        (recall.before, recall.after.unwrap_or(none));
                    let numbers = [before, low, high, after, after_low, after_high, p].map(six_places).join(",");
                    // Writing into a String cannot fail.
                    let _ = writeln!(csv, "{by},{name},{},{among},{numbers}", recall.n);
                }
            }
        }
        csv
    }

    /// What a mask does as CSV: a line for the mask, the difference, and each random mask.
    pub fn mask_csv(&self) -> String {
        let mut csv = "of,mask,n,without,with,change,low,high,p\n".to_owned();
        let Some(found) = self.masked() else { return csv };
        for (name, effect) in ["measure", "control", "plain text"].into_iter().zip(&found.effects) {
            let Some(MaskEffect { baseline, masked, effect, random, p }) = effect else { continue };
            let (low, high) = effect.interval.unwrap_or((f64::NAN, f64::NAN));
            let p = p.unwrap_or(f64::NAN);
            let numbers = [*baseline, *masked, effect.value, low, high, p].map(six_places).join(",");
            let _ = writeln!(csv, "{name},chosen,{},{numbers}", effect.n);
            for change in random {
                let _ = writeln!(csv, "{name},random,,,,{},,,", six_places(*change));
            }
        }
        if let Some(difference) = found.difference {
            let (low, high) = difference.interval.unwrap_or((f64::NAN, f64::NAN));
            let numbers = [difference.value, low, high].map(six_places).join(",");
            let _ = writeln!(csv, "measure minus control,chosen,{},,,{numbers},", difference.n);
        }
        csv
    }
}

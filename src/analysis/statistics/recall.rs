//! Recall of facts by where they stand, before and after a change (docs/methods.md, "Needles").

use super::{mcnemar, wilson};

/// One row: which group it belongs to, and whether its answer was first before the change and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// The group of its distance or depth.
    pub group: usize,
    /// Before.
    pub before: bool,
    /// After, where there is a change.
    pub after: Option<bool>,
}

/// The shares of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recall {
    /// Rows of the group.
    pub n: usize,
    /// The share whose answer was first before, with Wilson's 95 % interval.
    pub before: (f64, (f64, f64)),
    /// The share after, with its interval, and McNemar's p for the same rows.
    pub after: Option<(f64, (f64, f64), f64)>,
}

/// The recall of each of `n_groups` groups, and that of all rows at the end; `None` for a group without rows.
pub fn recall(rows: &[Recalled], n_groups: usize) -> Vec<Option<Recall>> {
    let group = |group: usize| shares(rows.iter().filter(|row| row.group == group));
    (0..n_groups).map(group).chain([shares(rows.iter())]).collect()
}

fn shares<'a>(rows: impl Iterator<Item = &'a Recalled>) -> Option<Recall> {
    let rows: Vec<&Recalled> = rows.collect();
    let share = |n_found: usize| Some((n_found as f64 / rows.len() as f64, wilson(n_found, rows.len())?));
    let count = |is_counted: &dyn Fn(&Recalled) -> bool| rows.iter().filter(|row| is_counted(row)).count();
    let before = share(count(&|row| row.before))?;
    let after = rows.iter().all(|row| row.after.is_some()).then(|| {
        let (n_lost, n_won) = (
            count(&|row| row.before && row.after == Some(false)),
            count(&|row| !row.before && row.after == Some(true)),
        );
        let (share, interval) = share(count(&|row| row.after == Some(true)))?;
        Some((share, interval, mcnemar(n_lost, n_won)))
    });
    Some(Recall { n: rows.len(), before, after: after.flatten() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recall_by_hand() {
        let row = |group, before, after| Recalled { group, before, after: Some(after) };
        // Five rows lose their answer, none wins it: 2 · 1/32.
        let mut rows = vec![row(0, true, false); 5];
        rows.push(row(2, true, true));
        let found = recall(&rows, 3);
        let first = found[0].unwrap();
        assert_eq!((first.n, first.before.0, first.after.unwrap().0), (5, 1.0, 0.0));
        assert!((first.after.unwrap().2 - 2.0 / 32.0).abs() < 1e-12);
        assert_eq!((found[1], found[2].unwrap().n, found[3].unwrap().n), (None, 1, 6));
        assert!((found[3].unwrap().after.unwrap().0 - 1.0 / 6.0).abs() < 1e-12);
        let before_alone = recall(&[Recalled { group: 0, before: false, after: None }], 1);
        assert_eq!((before_alone[0].unwrap().before.0, before_alone[0].unwrap().after), (0.0, None));
        assert_eq!(recall(&[], 1), [None, None]);
    }
}

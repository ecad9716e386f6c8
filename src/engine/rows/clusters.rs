//! Which rows share a template, a word or a source, by their ids.

use crate::analysis::statistics::Clusters;
use crate::sets::Row;

/// The clusters of rows: what stands before a `#` in their ids, the whole id where there is none, each row by itself where it has no
/// id. Names apart by `/` are things that rows share crosswise, as templates and occupations: each gives clusters of its own, and
/// the wider interval counts.
pub fn clusters(rows: &[&Row]) -> Vec<Clusters> {
    let names = |row: &Row| -> Option<Vec<String>> {
        let (shared, _) = row.pair_id.as_deref()?.split_once('#')?;
        Some(shared.split('/').map(str::to_owned).collect())
    };
    let n_crossed = rows.iter().map(|row| names(row).map_or(1, |names| names.len())).max().unwrap_or(1);
    let crossed = (0..n_crossed).map(|place| {
        let key = |(index, row): (usize, &&Row)| match (names(row), &row.pair_id) {
            (Some(names), _) => (names.get(place).or(names.last()).cloned().unwrap_or_default(), usize::MAX),
            (None, Some(id)) => (id.clone(), usize::MAX),
            (None, None) => (String::new(), index),
        };
        Clusters::by_key(rows.iter().enumerate().map(key))
    });
    crossed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ids: &[Option<&str>]) -> Vec<Vec<usize>> {
        let rows: Vec<Row> = ids.iter().map(|id| Row { pair_id: id.map(str::to_owned), ..Row::of_text("t") }).collect();
        let rows: Vec<&Row> = rows.iter().collect();
        clusters(&rows).iter().map(|clusters| clusters.of_rows().to_vec()).collect()
    }

    #[test]
    fn ids_name_what_rows_share() {
        assert_eq!(found(&[None, None, Some("x"), Some("x")]), [vec![0, 1, 2, 2]]);
        assert_eq!(
            found(&[Some("t1/nurse#0"), Some("t1/cook#0"), Some("t2/nurse#0"), Some("t1/nurse#1")]),
            [vec![0, 0, 1, 0], vec![0, 1, 0, 0]]
        );
        assert_eq!(found(&[Some("a/b"), Some("a/c")]), [vec![0, 1]], "a slash alone is a part of a name");
        assert_eq!(found(&[]), [Vec::<usize>::new()]);
    }
}

//! Heads laid out by likeness: the first two principal components of their scores, and groups of heads that are close.
//!
//! Scores are standardised over heads, so that each counts alike. A score that some head lacks, or that all heads share, is left out.
//! Groups are those of k-means (Lloyd 1982) on the standardised scores, beginning with the head farthest from the mean and then always
//! the one farthest from all centres so far, so that equal atlases have equal groups.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::analysis::statistics::standardised;

/// Rounds of k-means at most.
const MAX_ROUNDS: usize = 100;

/// Heads by likeness.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// The two components of every head.
    pub points: Vec<[f64; 2]>,
    /// The share of the variance in each component.
    pub shares: [f64; 2],
    /// The scores that count, by their indices.
    pub used: Vec<usize>,
    /// How each of them goes into the components.
    pub loadings: Vec<[f64; 2]>,
    /// The group of every head; the largest group first.
    pub groups: Vec<usize>,
}

/// Lays heads out by columns, a column of all heads for each score, and finds `n_groups` groups, or as many as there are different heads.
/// `None` with fewer than two scores that vary.
pub fn likeness(columns: &[Vec<f64>], n_groups: usize) -> Option<Likeness> {
    let standard = columns.iter().enumerate().filter_map(|(index, column)| Some((index, standardised(column)?)));
    let (used, standard): (Vec<usize>, Vec<Vec<f64>>) = standard.unzip();
    if used.len() < 2 {
        return None;
    }
    let n = standard[0].len();
    let correlations = DMatrix::from_fn(used.len(), used.len(), |one, other| {
        standard[one].iter().zip(&standard[other]).map(|(one, other)| one * other).sum::<f64>() / n as f64
    });
    let eigen = SymmetricEigen::new(correlations);
    let mut order: Vec<usize> = (0..used.len()).collect();
    order.sort_by(|one, other| eigen.eigenvalues[*other].total_cmp(&eigen.eigenvalues[*one]));
    let components = [order[0], order[1]].map(|component| {
        let vector = eigen.eigenvectors.column(component);
        // Of a direction and its opposite the one whose largest part is positive.
        let largest =
            vector.iter().copied().fold(0.0, |most: f64, part| if part.abs() > most.abs() { part } else { most });
        vector.iter().map(|part| part * largest.signum()).collect::<Vec<f64>>()
    });
    let along = |head: usize, component: &[f64]| {
        component.iter().zip(&standard).map(|(part, column)| part * column[head]).sum::<f64>()
    };
    Some(Likeness {
        points: (0..n).map(|head| [0, 1].map(|index| along(head, &components[index]))).collect(),
        shares: [order[0], order[1]].map(|component| eigen.eigenvalues[component] / used.len() as f64),
        loadings: (0..used.len()).map(|score| [0, 1].map(|index| components[index][score])).collect(),
        groups: groups(&standard, n_groups),
        used,
    })
}

/// The group of every head: k-means over standardised columns.
fn groups(columns: &[Vec<f64>], n_groups: usize) -> Vec<usize> {
    let n = columns[0].len();
    let head = |head: usize| -> Vec<f64> { columns.iter().map(|column| column[head]).collect() };
    let heads: Vec<Vec<f64>> = (0..n).map(head).collect();
    let far = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>();
    let nearest = |centres: &[Vec<f64>], head: &[f64]| {
        let distances = centres.iter().map(|centre| far(centre, head)).enumerate();
        distances.min_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or((0, f64::INFINITY))
    };
    let mut centres = vec![vec![0.0; columns.len()]];
    for round in 0..n_groups.max(1) {
        let distances = heads.iter().map(|head| nearest(&centres, head).1);
        let Some((farthest, distance)) = distances.enumerate().max_by(|one, other| one.1.total_cmp(&other.1)) else {
            break;
        };
        if round > 0 && distance == 0.0 {
            break;
        }
        // The first head takes the place of the mean.
        if round == 0 {
            centres.clear();
        }
        centres.push(heads[farthest].clone());
    }
    let mut chosen = vec![0; n];
    for _ in 0..MAX_ROUNDS {
        let next: Vec<usize> = heads.iter().map(|head| nearest(&centres, head).0).collect();
        let is_settled = next == chosen;
        chosen = next;
        if is_settled {
            break;
        }
        for (index, centre) in centres.iter_mut().enumerate() {
            let members: Vec<&Vec<f64>> =
                heads.iter().zip(&chosen).filter(|(_, group)| **group == index).map(|(head, _)| head).collect();
            if !members.is_empty() {
                let mean = |at: usize| members.iter().map(|head| head[at]).sum::<f64>() / members.len() as f64;
                *centre = (0..columns.len()).map(mean).collect();
            }
        }
    }
    by_size(&chosen, centres.len())
}

/// Numbers groups anew, the largest first.
fn by_size(chosen: &[usize], n_groups: usize) -> Vec<usize> {
    let size = |group: usize| chosen.iter().filter(|other| **other == group).count();
    let mut order: Vec<usize> = (0..n_groups).collect();
    order.sort_by_key(|group| std::cmp::Reverse(size(*group)));
    chosen.iter().map(|group| order.iter().position(|other| other == group).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of heads on a line, a score that is the other's opposite, one that is constant, one that is missing once.
    #[test]
    fn likeness_is_that_of_a_case_worked_by_hand() {
        let first = vec![0.0, 0.0, 1.0, 1.0];
        let opposite = vec![3.0, 3.0, 1.0, 1.0];
        let across = vec![0.0, 2.0, 0.0, 2.0];
        let columns = vec![first, vec![7.0; 4], opposite, across, vec![1.0, f64::NAN, 2.0, 3.0]];
        let found = likeness(&columns, 4).unwrap();
        assert_eq!(found.used, [0, 2, 3]);
        // Two of three standardised scores are one direction: √2 along it, 1 across.
        assert!((found.shares[0] - 2.0 / 3.0).abs() < 1e-12 && (found.shares[1] - 1.0 / 3.0).abs() < 1e-12);
        for (head, [along, across]) in found.points.iter().enumerate() {
            let (sign, other) = (if head < 2 { -1.0 } else { 1.0 }, if head % 2 == 0 { -1.0 } else { 1.0 });
            assert!((along.abs() - 2f64.sqrt()).abs() < 1e-12, "{:?}", found.points);
            assert!(
                (along * found.points[0][0]).signum() == -sign && (across - other).abs() < 1e-12,
                "{:?}",
                found.points
            );
        }
        assert!((found.loadings[0][0].abs() - 0.5f64.sqrt()).abs() < 1e-12 && found.loadings[2][0].abs() < 1e-12);
        let mut groups = found.groups.clone();
        groups.sort_unstable();
        assert_eq!(groups, [0, 1, 2, 3], "four different heads, four groups");
        assert_eq!(likeness(&columns[..2], 2), None, "one score varies");
    }

    #[test]
    fn groups_are_those_that_were_made() {
        // Three clouds of 10, 7 and 3 heads.
        let mut random = crate::random::SplitMix64::new(5);
        let places = [(10, 0.0, 0.0), (7, 10.0, 0.0), (3, 0.0, 10.0)];
        let mut made = Vec::new();
        for (group, (n, x, y)) in places.into_iter().enumerate() {
            for _ in 0..n {
                let mut noise = || random.below(1000) as f64 / 1000.0;
                made.push((group, x + noise(), y + noise()));
            }
        }
        let columns = [made.iter().map(|head| head.1).collect(), made.iter().map(|head| head.2).collect()];
        let found = likeness(&columns, 3).unwrap();
        assert_eq!(found.groups, made.iter().map(|head| head.0).collect::<Vec<usize>>());
        let more = likeness(&columns, 30).unwrap().groups;
        assert!(more.iter().max() < Some(&20) && more.len() == 20);
    }
}

//! What a set of edits does to a measure, beside random sets of the same size (docs/methods.md, "Masks of edits").

use super::{Bootstrap, Clusters, Estimate, mean, mean_interval};

/// What a mask does to the mean over the units, rows or pairs, that have a number both without edits and under the mask.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskEffect {
    /// The mean without edits.
    pub baseline: f64,
    /// The mean under the mask.
    pub masked: f64,
    /// The change in standard deviations of the units without edits, with its interval over clusters.
    pub effect: Estimate,
    /// The change under each random mask, in the same unit.
    pub random: Vec<f64>,
    /// (1 + how many random masks change the mean at least as much) / (1 + how many there are); `None` without random masks.
    pub p: Option<f64>,
}

/// The effect of a mask by the numbers of every unit: without edits, under the mask, then under each random mask, [variant][unit].
/// `None` where fewer than two units have numbers, or where all are equal without edits.
pub fn mask_effect(numbers: &[Vec<f64>], clusters: &Clusters, bootstrap: Bootstrap) -> Option<MaskEffect> {
    let (without, under) = (numbers.first()?, numbers.get(1)?);
    let changes = standard_changes(without, under)?;
    let effect = mean_interval(&changes, clusters, bootstrap);
    let random: Vec<f64> = numbers[2..].iter().filter_map(|other| mean(&standard_changes(without, other)?)).collect();
    let n_above = random.iter().filter(|other| other.abs() >= effect.value.abs()).count();
    let p = (!random.is_empty()).then(|| (1 + n_above) as f64 / (1 + random.len()) as f64);
    let of_both = |numbers: &[f64]| {
        let kept = numbers.iter().zip(&changes).filter(|(_, change)| !change.is_nan());
        mean(&kept.map(|(number, _)| *number).collect::<Vec<f64>>())
    };
    Some(MaskEffect { baseline: of_both(without)?, masked: of_both(under)?, effect, random, p })
}

/// The effect of a mask on one group of units minus that on another one, each in standard deviations of its own; clusters of both are
/// resampled together.
pub fn difference_of_effects([one, other]: [(&[Vec<f64>], &Clusters); 2], bootstrap: Bootstrap) -> Option<Estimate> {
    let changes = |numbers: &[Vec<f64>]| standard_changes(numbers.first()?, numbers.get(1)?);
    let (first, second) = (changes(one.0)?, changes(other.0)?);
    let key = |group: usize, clusters: &Clusters| -> Vec<(usize, usize)> {
        clusters.of_rows().iter().map(|cluster| (group, *cluster)).collect()
    };
    let both = Clusters::by_key(key(0, one.1).into_iter().chain(key(1, other.1)));
    let n_first = first.len();
    let values: Vec<f64> = first.into_iter().chain(second).collect();
    let difference = |counts: &[u32]| {
        let mut sums = [(0.0, 0.0); 2];
        for (row, (value, cluster)) in
            values.iter().zip(both.of_rows()).enumerate().filter(|(_, (value, _))| !value.is_nan())
        {
            let sum = &mut sums[usize::from(row >= n_first)];
            let count = f64::from(counts[*cluster]);
            (sum.0, sum.1) = (sum.0 + count * value, sum.1 + count);
        }
        (sums[0].1 > 0.0 && sums[1].1 > 0.0).then(|| sums[0].0 / sums[0].1 - sums[1].0 / sums[1].1)
    };
    let value = difference(&vec![1; both.len()])?;
    let n = values.iter().filter(|value| !value.is_nan()).count();
    Some(Estimate { n, value, interval: bootstrap.interval(&both, difference) })
}

/// What changes of each unit, in standard deviations of all units that have both numbers.
fn standard_changes(without: &[f64], under: &[f64]) -> Option<Vec<f64>> {
    let both = without.iter().zip(under).filter(|(without, under)| !without.is_nan() && !under.is_nan());
    let both: Vec<f64> = both.map(|(without, _)| *without).collect();
    let centre = mean(&both)?;
    let squares: f64 = both.iter().map(|value| (value - centre).powi(2)).sum();
    let deviation = (squares / (both.len() as f64 - 1.0)).sqrt();
    (deviation.is_finite() && deviation > 0.0)
        .then(|| without.iter().zip(under).map(|(without, under)| (under - without) / deviation).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_by_hand() {
        // Standard deviation 2 without edits; the mask takes 1 away from each unit, random masks add 0, 2 and −1.
        let without = vec![0.0, 2.0, 4.0, f64::NAN];
        let plus = |change: f64| without.iter().map(|value| value + change).collect::<Vec<f64>>();
        let numbers = [without.clone(), plus(-1.0), plus(0.0), plus(2.0), plus(-1.0)];
        let clusters = Clusters::single(4);
        let found = mask_effect(&numbers, &clusters, Bootstrap::of_seed(1)).unwrap();
        assert_eq!((found.baseline, found.masked, found.effect.value, found.effect.n), (2.0, 1.0, -0.5, 3));
        assert_eq!((found.random, found.p), (vec![0.0, 1.0, -0.5], Some(3.0 / 4.0)));
        assert_eq!(found.effect.interval, Some((-0.5, -0.5)), "every unit changes alike");
        assert_eq!(mask_effect(&numbers[..2], &clusters, Bootstrap::of_seed(1)).unwrap().p, None);
        // A unit without a number under the mask counts on neither side.
        let [mut with_fourth, under] = [without.clone(), plus(-1.0)];
        with_fourth[3] = 100.0;
        let found = mask_effect(&[with_fourth, under], &clusters, Bootstrap::of_seed(1)).unwrap();
        assert_eq!((found.baseline, found.masked, found.effect.value, found.effect.n), (2.0, 1.0, -0.5, 3));
        let equal = [vec![1.0; 4], vec![2.0; 4]];
        assert_eq!(mask_effect(&equal, &clusters, Bootstrap::of_seed(1)), None, "no deviation, no unit");
        let control = [without.clone(), plus(0.5)];
        let groups = [(numbers.as_slice(), &clusters), (control.as_slice(), &clusters)];
        let difference = difference_of_effects(groups, Bootstrap::of_seed(1)).unwrap();
        assert_eq!((difference.value, difference.n, difference.interval), (-0.75, 6, Some((-0.75, -0.75))));
    }
}

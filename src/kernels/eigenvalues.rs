//! Eigenvalues of a small general matrix, in f64: reduction to Hessenberg form, then the complex QR algorithm with Wilkinson's shift
//! (Golub & Van Loan, "Matrix Computations", chapter 7).
//!
//! Rejected: a linear algebra crate. The one use is a matrix of a head, 64 by 64, and the worker's bytes are bounded.

use std::ops::{Add, Mul, Sub};

/// Turns for one eigenvalue before the matrix is given up.
const MAX_TURNS: usize = 60;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Complex(f64, f64);

impl Complex {
    fn abs(self) -> f64 {
        self.0.hypot(self.1)
    }

    fn conj(self) -> Self {
        Self(self.0, -self.1)
    }

    fn times(self, factor: f64) -> Self {
        Self(self.0 * factor, self.1 * factor)
    }

    fn sqrt(self) -> Self {
        let size = self.abs();
        let real = ((size + self.0) / 2.0).max(0.0).sqrt();
        let imaginary = ((size - self.0) / 2.0).max(0.0).sqrt();
        Self(real, if self.1 < 0.0 { -imaginary } else { imaginary })
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0, self.1 - other.1)
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0 - self.1 * other.1, self.0 * other.1 + self.1 * other.0)
    }
}

/// The eigenvalues of a matrix [n, n] as real and imaginary parts, in no order; `None` where a value is not finite or the search does
/// not end.
pub fn eigenvalues(mut matrix: Vec<f64>, n: usize) -> Option<Vec<(f64, f64)>> {
    if matrix.len() != n * n || matrix.iter().any(|value| !value.is_finite()) {
        return None;
    }
    to_hessenberg(&mut matrix, n);
    let mut h: Vec<Complex> = matrix.into_iter().map(|value| Complex(value, 0.0)).collect();
    let (mut end, mut n_turns) = (n, 0);
    while end > 1 {
        let last = end - 1;
        let first = (1..end).rev().find(|&row| is_small(&h, n, row)).unwrap_or(0);
        if first == last {
            (end, n_turns) = (last, 0);
            continue;
        }
        n_turns += 1;
        if n_turns > MAX_TURNS {
            return None;
        }
        let shift = match n_turns % 10 {
            // Another shift gets out of a cycle.
            0 => Complex(h[last * n + last - 1].abs() + h[last * n + last].0, 0.0),
            _ => wilkinson(&h, n, last),
        };
        turn(&mut h, n, first..end, shift);
    }
    Some((0..n).map(|at| h[at * n + at]).map(|Complex(real, imaginary)| (real, imaginary)).collect())
}

/// Whether the number left of the diagonal counts for nothing; it becomes 0 then.
fn is_small(h: &[Complex], n: usize, row: usize) -> bool {
    let around = h[(row - 1) * n + row - 1].abs() + h[row * n + row].abs();
    h[row * n + row - 1].abs() <= f64::EPSILON * if around > 0.0 { around } else { 1.0 }
}

/// Makes everything below the first subdiagonal 0 by elimination with pivots, which keeps the eigenvalues.
fn to_hessenberg(a: &mut [f64], n: usize) {
    for column in 0..n.saturating_sub(2) {
        let pivot_row = column + 1;
        let largest = (pivot_row..n).max_by(|&i, &j| a[i * n + column].abs().total_cmp(&a[j * n + column].abs()));
        let Some(largest) = largest.filter(|row| a[row * n + column] != 0.0) else { continue };
        if largest != pivot_row {
            (0..n).for_each(|at| a.swap(largest * n + at, pivot_row * n + at));
            (0..n).for_each(|at| a.swap(at * n + largest, at * n + pivot_row));
        }
        for row in pivot_row + 1..n {
            let factor = a[row * n + column] / a[pivot_row * n + column];
            if factor != 0.0 {
                (0..n).for_each(|at| a[row * n + at] -= factor * a[pivot_row * n + at]);
                (0..n).for_each(|at| a[at * n + pivot_row] += factor * a[at * n + row]);
            }
            a[row * n + column] = 0.0;
        }
    }
}

/// The eigenvalue of the last two rows and columns that is nearer to the last number.
fn wilkinson(h: &[Complex], n: usize, last: usize) -> Complex {
    let at = |row: usize, column: usize| h[row * n + column];
    let (a, b, c, d) = (at(last - 1, last - 1), at(last - 1, last), at(last, last - 1), at(last, last));
    let half = (a - d).times(0.5);
    let root = (half * half + b * c).sqrt();
    let middle = (a + d).times(0.5);
    let (one, other) = (middle + root, middle - root);
    if (one - d).abs() < (other - d).abs() { one } else { other }
}

/// One QR step of the active rows and columns: H − shift = QR, then H := RQ + shift.
fn turn(h: &mut [Complex], n: usize, active: std::ops::Range<usize>, shift: Complex) {
    let (first, end) = (active.start, active.end);
    for at in active.clone() {
        h[at * n + at] = h[at * n + at] - shift;
    }
    let mut rotations = Vec::with_capacity(end - first);
    for at in first..end - 1 {
        let (a, b) = (h[at * n + at], h[(at + 1) * n + at]);
        let size = a.abs().hypot(b.abs());
        let (c, s) = if size > 0.0 {
            (a.times(1.0 / size), b.times(1.0 / size))
        } else {
            (Complex(1.0, 0.0), Complex(0.0, 0.0))
        };
        for column in at..end {
            let (upper, lower) = (h[at * n + column], h[(at + 1) * n + column]);
            h[at * n + column] = c.conj() * upper + s.conj() * lower;
            h[(at + 1) * n + column] = c * lower - s * upper;
        }
        rotations.push((c, s));
    }
    for (at, (c, s)) in (first..).zip(rotations) {
        for row in first..(at + 2).min(end) {
            let (left, right) = (h[row * n + at], h[row * n + at + 1]);
            h[row * n + at] = c * left + s * right;
            h[row * n + at + 1] = c.conj() * right - s.conj() * left;
        }
    }
    for at in active {
        h[at * n + at] = h[at * n + at] + shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(matrix: &[f64], n: usize, expected: &[(f64, f64)]) {
        let mut left = expected.to_vec();
        for (real, imaginary) in eigenvalues(matrix.to_vec(), n).unwrap() {
            let distance = |(a, b): &(f64, f64)| (a - real).hypot(b - imaginary);
            let nearest = (0..left.len()).min_by(|i, j| distance(&left[*i]).total_cmp(&distance(&left[*j]))).unwrap();
            assert!(distance(&left[nearest]) < 1e-7, "{real} {imaginary} of {left:?}");
            left.remove(nearest);
        }
        assert!(left.is_empty());
    }

    #[test]
    fn of_matrices_whose_eigenvalues_are_known() {
        check(&[3.0], 1, &[(3.0, 0.0)]);
        check(&[0.0, -1.0, 1.0, 0.0], 2, &[(0.0, 1.0), (0.0, -1.0)]);
        check(&[2.0, 5.0, 7.0, 0.0, -1.0, 3.0, 0.0, 0.0, 4.0], 3, &[(2.0, 0.0), (-1.0, 0.0), (4.0, 0.0)]);
        // A cycle of five: the fifth roots of one.
        let cycle: Vec<f64> = (0..25).map(|at| f64::from(u8::from((at / 5 + 1) % 5 == at % 5))).collect();
        let root = |k: usize| (std::f64::consts::TAU * k as f64 / 5.0).sin_cos();
        let roots: Vec<(f64, f64)> = (0..5).map(root).map(|(sin, cos)| (cos, sin)).collect();
        check(&cycle, 5, &roots);
        check(&[0.0; 16], 4, &[(0.0, 0.0); 4]);
    }

    /// Sums of powers of the eigenvalues are traces of powers of the matrix.
    #[test]
    fn their_powers_sum_to_traces() {
        let n = 24;
        let mut seed = 7u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 40) as f64 / f64::from(1u32 << 24) - 0.5
        };
        let matrix: Vec<f64> = (0..n * n).map(|_| next()).collect();
        let found = eigenvalues(matrix.clone(), n).unwrap();
        let trace: f64 = (0..n).map(|at| matrix[at * n + at]).sum();
        let of_square: f64 = (0..n * n).map(|at| matrix[at] * matrix[at % n * n + at / n]).sum();
        let sum: f64 = found.iter().map(|(real, _)| real).sum();
        let squares: f64 = found.iter().map(|(real, imaginary)| real * real - imaginary * imaginary).sum();
        assert!(
            (sum - trace).abs() < 1e-9 && (squares - of_square).abs() < 1e-9,
            "{sum} {trace} {squares} {of_square}"
        );
        assert!(found.iter().map(|(_, imaginary)| imaginary).sum::<f64>().abs() < 1e-9, "pairs");
    }

    #[test]
    fn what_has_none_is_refused() {
        assert_eq!(eigenvalues(vec![f64::NAN], 1), None);
        assert_eq!(eigenvalues(vec![1.0, 2.0], 2), None);
        assert_eq!(eigenvalues(Vec::new(), 0), Some(Vec::new()));
    }
}

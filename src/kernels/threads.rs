//! Work shared by threads: a slice of results in contiguous parts, each of which one thread makes.
//!
//! Every number is made by the same operations in the same order, however many threads there are, so that results are the same to
//! the last bit. In the browser only the worker's build with shared memory has threads; elsewhere this is a plain call.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of threads that share work, the calling one included. The program has one number, as it has one set of processors.
static COUNT: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    /// Whether this thread makes a part of shared work, whose contents are not shared again.
    static IN_PART: Cell<bool> = const { Cell::new(false) };
}

/// Fewest operations of a part for which another thread pays.
const LEAST_WORK: usize = 1 << 23;

/// Sets how many threads share work from now on: this one and others of rayon's global pool.
pub fn set_count(count: usize) {
    COUNT.store(count.max(1), Ordering::Relaxed);
}

/// Number of threads that share work.
pub fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Operations that all threads do in the time in which one thread does `n_operations`.
pub fn together(operations: usize) -> usize {
    operations.saturating_mul(count())
}

/// Calls `make` on parts of `data`, each of whole units of `unit` numbers (but for the last), with the index of the part's
/// first unit. `work` is the approximate cost of all parts, in operations. Where there are several parts, nothing that `make`
/// calls shares work again.
pub fn share<T: Send>(data: &mut [T], unit: usize, work: usize, make: impl Fn(usize, &mut [T]) + Sync) {
    let n_units = data.len().div_ceil(unit.max(1));
    let n_parts = if work < LEAST_WORK || IN_PART.get() { 1 } else { count().min(n_units) };
    if n_parts <= 1 {
        return make(0, data);
    }
    let units_per_part = n_units.div_ceil(n_parts);
    in_parts(data, units_per_part, unit, &|first, part| {
        IN_PART.set(true);
        make(first, part);
        IN_PART.set(false);
    });
}

#[cfg(all(feature = "rayon", any(not(target_arch = "wasm32"), target_feature = "atomics")))]
fn in_parts<T: Send>(data: &mut [T], units_per_part: usize, unit: usize, make: &(impl Fn(usize, &mut [T]) + Sync)) {
    let mut parts = data.chunks_mut(units_per_part * unit).enumerate();
    let Some((_, own)) = parts.next() else { return };
    rayon::in_place_scope(|scope| {
        for (index, part) in parts {
            scope.spawn(move |_| make(index * units_per_part, part));
        }
        make(0, own);
    });
}

#[cfg(not(all(feature = "rayon", any(not(target_arch = "wasm32"), target_feature = "atomics"))))]
fn in_parts<T: Send>(data: &mut [T], _: usize, _: usize, make: &(impl Fn(usize, &mut [T]) + Sync)) {
    make(0, data);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_unit_is_made_once_at_its_place(len in 0usize..200, unit in 1usize..9, n_threads in 1usize..6) {
            let mut made = vec![0usize; len];
            let n_units = len.div_ceil(unit);
            let units_per_part = n_units.div_ceil(n_threads).max(1);
            in_parts(&mut made, units_per_part, unit, &|first, part: &mut [usize]| {
                for (offset, slot) in part.iter_mut().enumerate() {
                    *slot += first * unit + offset + 1;
                }
            });
            prop_assert_eq!(made, (1..=len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn products_are_the_same_on_any_number_of_threads() {
        use crate::{Blocks, Format, PackedRows, Panels};
        let values = |len: usize, step: usize| (0..len).map(move |at| ((at * step) % 101) as f32 / 50.0 - 1.0);
        let (n_in, n_out) = (512, 260);
        let (w, x): (Vec<f32>, Vec<f32>) = (values(n_out * n_in, 37).collect(), values(67 * n_in, 53).collect());
        let panels = Panels::pack(&w, n_in);
        let mut blocks = Blocks::empty(Format::Bf16, n_out, n_in).unwrap();
        let halves = w.iter().flat_map(|value| value.to_bits().to_le_bytes()[2..].to_vec());
        blocks.push_rows(&halves.collect::<Vec<_>>());
        let products = |rows: usize| {
            let packed = PackedRows::pack(&x[..rows * n_in], n_in, 0..n_in);
            let (mut wide, mut kept) = (vec![0.0; rows * n_out], vec![0.0; rows * n_out]);
            panels.matmul(&packed, 0..n_in, &mut wide, n_out, 0);
            blocks.matmul(&packed, 0..n_in, &mut kept);
            (wide, kept)
        };
        set_count(1);
        let alone = [67, 66, 1].map(products);
        set_count(3);
        let shared = [67, 66, 1].map(products);
        set_count(1);
        assert!(2 * 66 * n_in * n_out > LEAST_WORK, "enough to be shared");
        assert_eq!(alone, shared);
    }

    #[test]
    fn what_is_in_a_part_stays_on_its_thread() {
        let mut parts = vec![0; 4];
        set_count(2);
        share(&mut parts, 1, LEAST_WORK, |_, part| {
            let here = std::thread::current().id();
            let mut inner = vec![None; 8];
            share(&mut inner, 1, LEAST_WORK, |_, part| part.fill(Some(std::thread::current().id())));
            part.fill(usize::from(inner.iter().all(|id| *id == Some(here))));
        });
        set_count(1);
        assert_eq!(parts, [1; 4]);
        assert!(!IN_PART.get(), "afterwards this thread shares again");
    }

    #[test]
    fn little_work_stays_on_one_thread() {
        let mut parts = vec![0; 8];
        share(&mut parts, 1, LEAST_WORK - 1, |first, part| {
            assert_eq!((first, part.len()), (0, 8));
            part.fill(1);
        });
        assert_eq!(parts, [1; 8]);
    }
}

//! The one source of random numbers: SplitMix64 (Steele et al. 2014), the same natively and in a browser.

/// A generator whose state is a counter, so that any number of its sequence can be made by itself.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl SplitMix64 {
    /// Starts the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Number `index` of the sequence of a seed.
    pub fn nth(seed: u64, index: u64) -> u64 {
        mixed(seed.wrapping_add(GAMMA.wrapping_mul(index.wrapping_add(1))))
    }

    /// The next number.
    #[allow(
        clippy::should_implement_trait,
        reason = "the sequence has no end, so an iterator's Option would say nothing"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mixed(self.0)
    }

    /// Draws a number from 0 to below 1, in steps of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Draws a number from 0 to below 1, in steps of 2⁻⁵³.
    pub fn unit_f64(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Draws an index below `n`, which is at least 1: the upper half of a product (Lemire 2019), without its rejections, whose bias
    /// is n / 2⁶⁴.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// Brings `n` items drawn at random to the front of a list, in the order in which they are drawn; of a shorter list all. The bias
    /// of the remainder is at most the list's length / 2⁶⁴.
    pub fn draw<T>(&mut self, list: &mut [T], n: usize) {
        for at in 0..n.min(list.len()) {
            let other = at + (self.next() % (list.len() - at) as u64) as usize;
            list.swap(at, other);
        }
    }

    /// Shuffles a list (Fisher and Yates).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference implementation's first number for this seed.
    #[test]
    fn the_sequence_is_splitmix64s() {
        let mut random = SplitMix64::new(1_234_567);
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(first[0], 6_457_827_717_110_365_317);
        assert_eq!(first, [0, 1, 2].map(|index| SplitMix64::nth(1_234_567, index)));
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&random.unit())));
        assert!((0..1_000).all(|_| (0.0..1.0).contains(&random.unit_f64())));
    }

    #[test]
    fn indices_and_orders_are_evenly_drawn() {
        let mut random = SplitMix64::new(7);
        let mut counts = [0; 3];
        (0..3_000).for_each(|_| counts[random.below(3)] += 1);
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
        let mut orders = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut list = [0, 1, 2];
            random.shuffle(&mut list);
            *orders.entry(list).or_insert(0) += 1;
        }
        assert!(orders.len() == 6 && orders.values().all(|count| (850..1_150).contains(count)), "{orders:?}");
    }
}

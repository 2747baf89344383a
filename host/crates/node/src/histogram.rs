//! Run times in buckets of equal ratio: quantiles within 7 %, in a fixed small space.

/// Sixteen sub-buckets for each power of two would be exact to 6 %; eight are to 12.5 %, and
/// the middle of a bucket is then at most 7 % off.
const SUB_BITS: u32 = 3;
const BUCKETS: usize = 64 << SUB_BITS;

/// A histogram of microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u32>,
    total: u64,
    max_us: u64,
}

impl Histogram {
    pub(crate) fn add(&mut self, us: u64) {
        let bucket = bucket_of(us);
        if self.counts.len() <= bucket {
            self.counts.resize((bucket + 1).min(BUCKETS), 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.total += 1;
        self.max_us = self.max_us.max(us);
    }

    /// Adds those of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
            *sum = sum.saturating_add(*count);
        }
        self.total += other.total;
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Median, 95th percentile and maximum; `None` when empty.
    pub(crate) fn summary(&self) -> Option<(u64, u64, u64)> {
        (self.total > 0).then(|| (self.quantile(0.5), self.quantile(0.95), self.max_us))
    }

    /// Counts by powers of two: each with the first number of microseconds that is too many.
    pub(crate) fn by_powers(&self) -> Vec<(u64, u64)> {
        let mut powers: Vec<(u64, u64)> = Vec::new();
        for (bucket, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let end = middle_of(bucket).saturating_add(1).next_power_of_two();
            match powers.last_mut() {
                Some((last, sum)) if *last == end => *sum += u64::from(count),
                _ => powers.push((end, u64::from(count))),
            }
        }
        powers
    }

    /// The greatest.
    pub(crate) const fn max_us(&self) -> u64 {
        self.max_us
    }

    /// What this share of them does not exceed, within 7 %.
    pub(crate) fn quantile(&self, q: f64) -> u64 {
        let wanted = (self.total as f64 * q).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= wanted {
                return middle_of(bucket).min(self.max_us);
            }
        }
        self.max_us
    }
}

fn bucket_of(us: u64) -> usize {
    let exact = 1u64 << SUB_BITS;
    if us < exact {
        return us as usize;
    }
    let power = 63 - us.leading_zeros();
    let sub = (us >> (power - SUB_BITS)) & (exact - 1);
    (((power - SUB_BITS + 1) as usize) << SUB_BITS) + sub as usize
}

fn middle_of(bucket: usize) -> u64 {
    let exact = 1usize << SUB_BITS;
    if bucket < exact {
        return bucket as u64;
    }
    let shift = (bucket >> SUB_BITS) - 1;
    let low = ((exact + (bucket & (exact - 1))) as u64) << shift;
    low + ((1u64 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_seven_percent_of_the_truth() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|us| histogram.add(us));
        let (p50, p95, max) = histogram.summary().unwrap();
        assert!((4_650..=5_350).contains(&p50), "{p50}");
        assert!((8_835..=10_000).contains(&p95), "{p95}");
        assert_eq!(max, 10_000);
    }

    #[test]
    fn powers_of_two_hold_what_is_below_them() {
        let mut histogram = Histogram::default();
        [0, 1, 2, 3, 900, 1_023, 1_024].into_iter().for_each(|us| histogram.add(us));
        assert_eq!(histogram.by_powers(), [(1, 1), (2, 1), (4, 2), (1_024, 2), (2_048, 1)]);
        assert_eq!(histogram.max_us(), 1_024);
    }

    #[test]
    fn every_bucket_holds_its_own_middle() {
        for bucket in 0..400 {
            assert_eq!(bucket_of(middle_of(bucket)), bucket);
        }
    }
}

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

    /// Median, 95th percentile and maximum; `None` when empty.
    pub(crate) fn summary(&self) -> Option<(u64, u64, u64)> {
        (self.total > 0).then(|| (self.quantile(0.5), self.quantile(0.95), self.max_us))
    }

    fn quantile(&self, q: f64) -> u64 {
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
    fn every_bucket_holds_its_own_middle() {
        for bucket in 0..400 {
            assert_eq!(bucket_of(middle_of(bucket)), bucket);
        }
    }
}

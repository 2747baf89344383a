//! One task of each kind: long and short ones, one that fails at first, one that waits for tasks of
//! its own, one with a large result. The server carries this module and its graph in `host/demo`.

use wask::prelude::*;

/// What many samples have in common.
#[wask::value]
struct Summary {
    /// How many there are.
    count: u64,
    /// Their mean.
    mean: f64,
    /// The largest one.
    max: f64,
    /// How far the mean may be off: what it varies by among samples of these samples.
    spread: f64,
}

/// How far a random walk of some million steps comes.
#[wask::task]
fn walk(ctx: &Ctx, seed: u64, million_steps: u64) -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut place = 0_i64;
    for step in 0..million_steps {
        place += stride(&mut state);
        ctx.progress(step + 1, million_steps);
    }
    place.unsigned_abs() as f64
}

/// A million steps.
#[inline(never)]
fn stride(state: &mut u64) -> i64 {
    let mut place = 0;
    for _ in 0..1_000_000 {
        place += if next(state) & (1 << 40) == 0 { 1 } else { -1 };
    }
    place
}

/// The next number of a sequence that looks random.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// What these samples have in common.
#[wask::task]
fn summarize(samples: Vec<f64>) -> Result<Summary, Error> {
    let count = samples.len() as u64;
    let max = samples.iter().copied().reduce(f64::max).ok_or_else(|| Error::new("no samples"))?;
    let mean = samples.iter().sum::<f64>() / count as f64;
    Ok(Summary { count, mean, max, spread: spread(&samples, mean) })
}

/// How far the means of as many samples, drawn from these again and again, are from their mean.
#[inline(never)]
fn spread(samples: &[f64], mean: f64) -> f64 {
    const ROUNDS: u32 = 200_000;
    let mut state = 1;
    let mut sum = 0.0;
    for _ in 0..ROUNDS {
        let drawn = samples.iter().map(|_| samples[next(&mut state) as usize % samples.len()]);
        let off = drawn.sum::<f64>() / samples.len() as f64 - mean;
        sum += off * off;
    }
    (sum / f64::from(ROUNDS)).sqrt()
}

/// Several summaries as one.
#[wask::task]
fn combine(parts: Vec<Summary>) -> Result<Summary, Error> {
    let count: u64 = parts.iter().map(|part| part.count).sum();
    let sum: f64 = parts.iter().map(|part| part.mean * part.count as f64).sum();
    let max = parts.iter().map(|part| part.max).reduce(f64::max);
    let max = max.ok_or_else(|| Error::new("nothing to combine"))?;
    let spread = parts.iter().map(|part| part.spread * part.spread).sum::<f64>().sqrt();
    Ok(Summary { count, mean: sum / count as f64, max, spread: spread / parts.len() as f64 })
}

/// Fails the first time for every ninth number, and says so.
#[wask::task]
fn fetch(ctx: &Ctx, page: u64) -> Result<u64, Error> {
    ctx.log(Level::Info, format!("page {page}, attempt {}", ctx.attempt()));
    if page % 9 == 4 && ctx.attempt() == 1 {
        return Err(Error::new(format!("page {page} is not there yet; try again")));
    }
    let mut state = page | 1;
    Ok((0..20).map(|_| stride(&mut state).unsigned_abs()).sum())
}

/// Counts the leaves of a tree, each branch by two tasks of its own, for which it waits.
#[wask::task]
fn count_leaves(ctx: &Ctx, depth: u32) -> Result<u64, Error> {
    if depth == 0 {
        let mut state = 1;
        (0..6).for_each(|_| _ = std::hint::black_box(stride(&mut state)));
        return Ok(1);
    }
    let sides =
        [ctx.submit("count_leaves", (depth - 1,))?, ctx.submit("count_leaves", (depth - 1,))?];
    let mut leaves = 0;
    for side in sides {
        leaves += side.result::<u64>()?;
    }
    Ok(leaves)
}

/// A page of text about everything, large enough to be kept in a file.
#[wask::task(media_type = "text/plain")]
fn write_up(summary: Summary, pages: Vec<u64>, leaves: u64) -> Bytes {
    let mut text = format!(
        "{} walks, {:.1} steps away on average, {} at most\n{} pages, {leaves} leaves\n",
        summary.count,
        summary.mean,
        summary.max,
        pages.len(),
    );
    for page in pages {
        text.push_str(&format!("page {page}: {}\n", "all is well. ".repeat(400)));
    }
    text.into_bytes().into()
}

wask::export![walk, summarize, combine, fetch, count_leaves, write_up];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_combine_to_the_whole() {
        let parts = vec![summarize(vec![1.0, 3.0]).unwrap(), summarize(vec![8.0]).unwrap()];
        let whole = combine(parts).unwrap();
        assert_eq!((whole.count, whole.mean, whole.max), (3, 4.0, 8.0));
        assert!(summarize(Vec::new()).is_err() && combine(Vec::new()).is_err());
    }

    #[test]
    fn trees_have_as_many_leaves_as_they_should() -> Result<(), Error> {
        assert_eq!(count_leaves(&wask::test_ctx!(super), 5)?, 32);
        Ok(())
    }
}

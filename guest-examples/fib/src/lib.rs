//! Tasks that submit tasks. One that waits for another leaves its slot to others, so recursion of
//! any depth works on a single slot.

use wask::prelude::*;

/// A number of Fibonacci's, the long way: each call submits two more.
#[wask::task]
fn fib(ctx: &Ctx, n: u64) -> Result<u64, Error> {
    if n < 2 {
        return Ok(n);
    }
    let (a, b) = (ctx.submit("fib", (n - 1,))?, ctx.submit("fib", (n - 2,))?);
    Ok(a.result::<u64>()? + b.result::<u64>()?)
}

/// The sum of the squares below a number: one call for each, and a last one that takes their results
/// without waiting for them here.
#[wask::task]
fn sum_of_squares(ctx: &Ctx, below: i64) -> Result<Tail<i64>, Error> {
    let squares = ctx.map("square", 0..below)?;
    Ok(Tail::Call(ctx.submit("sum", (squares,))?))
}

/// The square of a number.
#[wask::task]
fn square(x: i64) -> i64 {
    x * x
}

/// The sum of numbers.
#[wask::task]
fn sum(numbers: Vec<i64>) -> i64 {
    numbers.iter().sum()
}

/// Counts down to zero, one call after the other, and no call waits for the next one.
#[wask::task]
fn countdown(ctx: &Ctx, n: u64, steps: u64) -> Result<Tail<u64>, Error> {
    if n == 0 {
        return Ok(Tail::Value(steps));
    }
    Ok(Tail::Call(ctx.submit("countdown", (n - 1, steps + 1))?))
}

wask::export![fib, sum_of_squares, square, sum, countdown];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_find_each_other_natively_too() -> Result<(), Error> {
        let ctx = wask::test_ctx!(super);
        assert_eq!(fib(&ctx, 10)?, 55);
        assert_eq!(ctx.submit("sum_of_squares", (10,))?.result::<i64>()?, 285);
        assert_eq!(ctx.submit("countdown", (100, 0))?.result::<u64>()?, 100);
        Ok(())
    }
}

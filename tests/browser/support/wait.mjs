// Waiting for conditions: nothing here or in the tests sleeps for a guessed time.

/** How long anything may take before a test fails. */
export const DEADLINE_MS = 20_000;

/**
 * Asks until the answer is truthy, and gives it back; fails with the last one at the deadline.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} ask
 * @param {number} [deadlineMs]
 * @returns {Promise<T>}
 */
export async function eventually(what, ask, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    last = await ask();
    if (last) return last;
    if (Date.now() > end) throw new Error(`${what}: not within ${deadlineMs / 1000} s; last was ${JSON.stringify(last)}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

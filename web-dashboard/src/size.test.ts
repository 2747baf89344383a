// Goal: the page stays quick to load: all its script together, as a server would pack it.

import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const MOST_BYTES = 80_000;

test('the script of the page is small', () => {
  expect(gzipSync(readFileSync(new URL('../dist/app.js', import.meta.url)), { level: 9 }).length).toBeLessThanOrEqual(MOST_BYTES);
});

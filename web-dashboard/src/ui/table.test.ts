import { expect, test } from 'vitest';
import { sortRows } from './Table';

test('numbers by value, texts with their numbers, nothing at the end, ties in order', () => {
  const rows = [{ k: 'sq[10]', v: 2 }, { k: 'sq[9]', v: null }, { k: 'sq[1]', v: 10 }, { k: 'sq[2]', v: 2 }];
  expect(sortRows(rows, (row) => row.v, false).map((row) => row.k)).toEqual(['sq[10]', 'sq[2]', 'sq[1]', 'sq[9]']);
  expect(sortRows(rows, (row) => row.v, true).map((row) => row.k)).toEqual(['sq[1]', 'sq[10]', 'sq[2]', 'sq[9]']);
  expect(sortRows(rows, (row) => row.k, false).map((row) => row.k)).toEqual(['sq[1]', 'sq[2]', 'sq[9]', 'sq[10]']);
});

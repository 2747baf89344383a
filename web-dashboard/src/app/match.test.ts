import { expect, test } from 'vitest';
import { best, score } from './match';

test('every word has to be there, in any order', () => {
  expect(score('numbers/sum_of_squares', 'sq num')).not.toBeNull();
  expect(score('numbers/sum', 'sq')).toBeNull();
});

test('beginnings go first', () => {
  expect(best(['a sum', 'xsum', 'sum'], 'sum', (text) => text, 3)).toEqual(['sum', 'a sum', 'xsum']);
  expect(best(['b', 'a'], ' ', (text) => text, 1)).toEqual(['b']);
});

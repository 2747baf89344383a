import { expect, test } from 'vitest';
import { best } from './match';

const found = (texts: string[], wanted: string, most = 9) => best(texts, wanted, (text) => text, most);

test('every word has to be there, in any order', () => {
  expect(found(['numbers/sum_of_squares', 'numbers/sum'], 'SQ num')).toEqual(['numbers/sum_of_squares']);
});

test('beginnings go first, equals keep their order', () => {
  expect(found(['a sum', 'xsum', 'sum'], 'sum', 2)).toEqual(['sum', 'xsum']);
  expect(found(['b', 'a'], ' ', 1)).toEqual(['b']);
});

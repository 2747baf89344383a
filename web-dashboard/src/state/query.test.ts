import { expect, test } from 'vitest';
import { parseView, viewParams } from './query';

const read = (text: string) => parseView(new URLSearchParams(text));

test('a view comes back from its own parameters', () => {
  const view = { task: null, key: 'sq[3]', range: [10, 2500] as [number, number], lanesBy: 'function' as const, function: 'numbers/square' };
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(viewParams(view))) if (value !== null) params.set(name, value);
  expect(parseView(params)).toEqual(view);
});

test('what is as always is not in the address', () => {
  expect(Object.values(viewParams(read('')))).toEqual([null, null, null, null, null, null]);
});

test('a place counts only without a key', () => {
  expect(viewParams({ ...read('task=17'), key: null }).task).toBe('17');
  expect(viewParams({ ...read('task=17'), key: 'a' }).task).toBeNull();
});

test('nonsense is passed over', () => {
  expect(read('task=-1&from=9&to=3&lanes=moon&fn=&key=')).toEqual({ task: null, key: null, range: null, lanesBy: 'slot', function: null });
  expect(read('task=1e9&from=&to=NaN').task).toBeNull();
});

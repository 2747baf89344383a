// Goal: whoever reads is told once, in order, of what changed, and of nothing else.

import { expect, test } from 'vitest';
import { batch, computed, effect, signal } from './signals';

test('an effect runs when what it read has another value, and only then', () => {
  const [a, b] = [signal(1), signal(10)];
  const seen: number[] = [];
  const stop = effect(() => void seen.push(a.value > 1 ? a.value + b.value : a.value));
  b.value = 20;
  a.value = 1;
  expect(seen).toEqual([1]);
  a.value = 2;
  b.value = 30;
  expect(seen).toEqual([1, 22, 32]);
  // What is not read any more is not listened to.
  a.value = 0;
  b.value = 40;
  expect(seen).toEqual([1, 22, 32, 0]);
  stop();
  a.value = 5;
  expect(seen).toHaveLength(4);
});

test('computed values are made when asked for, once, and hold back what is the same', () => {
  const a = signal(1);
  let made = 0;
  const odd = computed(() => { made++; return a.value % 2 === 1; });
  const words = computed(() => (odd.value ? 'odd' : 'even'));
  expect(made).toBe(0);
  const seen: string[] = [];
  effect(() => void seen.push(words.value));
  a.value = 3;
  expect(made).toBe(2);
  a.value = 4;
  expect(seen).toEqual(['odd', 'even']);
  expect(words.peek()).toBe('even');
});

test('what depends in two ways runs once', () => {
  const a = signal(1);
  const [twice, thrice] = [computed(() => 2 * a.value), computed(() => 3 * a.value)];
  const seen: number[] = [];
  effect(() => void seen.push(twice.value + thrice.value));
  a.value = 2;
  expect(seen).toEqual([5, 10]);
});

test('a batch tells at its end, and nothing when all is as before', () => {
  const [a, b] = [signal(1), signal(1)];
  const seen: number[] = [];
  effect(() => void seen.push(a.value + b.value));
  batch(() => { a.value = 5; b.value = 5; });
  batch(() => { a.value = 0; a.value = 5; });
  // The second batch changed versions but not the value: one more run at most.
  expect(seen.slice(0, 2)).toEqual([2, 10]);
  expect(seen.length).toBeLessThanOrEqual(3);
});

test('effects may change signals, other effects follow; a circle ends with an error', () => {
  const [a, b] = [signal(1), signal(0)];
  effect(() => { b.value = a.value * 2; });
  const seen: number[] = [];
  effect(() => void seen.push(b.value));
  a.value = 4;
  expect(seen).toEqual([2, 8]);
  expect(() => effect(() => { a.value = a.value + 1; })).toThrow('effects change');
});

test('an effect that ends itself while it runs does not come back', () => {
  const a = signal(0);
  let runs = 0;
  const stop: () => void = effect(() => { runs++; if (a.value === 1) stop(); });
  a.value = 1;
  a.value = 2;
  expect(runs).toBe(2);
});

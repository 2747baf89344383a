import { expect, test } from 'vitest';
import { ago, between, bytes, count, duration, micros, percent, rate } from './format';

const spaced = (text: string) => text.replaceAll('\u202f', ' ');

test('durations', () => {
  const known: [number | null, string][] = [
    [null, '–'], [0, '0 µs'], [832, '832 µs'], [1240, '1.24 ms'], [12_000, '12 ms'], [412_400, '412 ms'], [999_600, '1 s'], [1_240_000, '1.24 s'],
    [47_400_000, '47.4 s'], [59_960_000, '1 min 00 s'], [125_000_000, '2 min 05 s'], [11_520_000_000, '3 h 12 min'], [180_000_000_000, '2 d 2 h'], [-5, '0 µs'],
  ];
  for (const [us, text] of known) expect(spaced(duration(us))).toBe(text);
});

test('sizes, counts, rates, shares', () => {
  expect(spaced(bytes(0))).toBe('0 B');
  expect(spaced(bytes(1023))).toBe('1023 B');
  expect(spaced(bytes(1024))).toBe('1 KiB');
  expect(spaced(bytes(1_376_256))).toBe('1.31 MiB');
  expect(spaced(count(1_234_567))).toBe('1 234 567');
  expect(spaced(rate(48_100))).toBe('48.1 k');
  expect(spaced(percent(1, 1000))).toBe('< 1 %');
  expect(spaced(percent(999, 1000))).toBe('> 99 %');
  expect(percent(1, 0)).toBe('–');
});

test('microseconds of instants', () => {
  expect(micros('1970-01-01T00:00:01.000002Z')).toBe(1_000_002);
  expect(micros('2026-11-21T15:55:29.9Z')).toBe(Date.parse('2026-11-21T15:55:29.900Z') * 1000);
  expect(micros('nonsense')).toBeNull();
  expect(between('2026-11-21T15:55:29.854605Z', '2026-11-21T15:55:29.867339Z')).toBe(12_734);
  expect(between(null, '2026-11-21T15:55:29Z')).toBeNull();
});

test('how long ago', () => {
  expect(ago(1000, 1500)).toBe('just now');
  expect(spaced(ago(0, 12_000))).toBe('12 s ago');
  expect(spaced(ago(0, 25 * 60_000))).toBe('25 min ago');
  expect(ago(null)).toBe('–');
});

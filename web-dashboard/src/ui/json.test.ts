import { expect, test } from 'vitest';
import { prettyJson } from './json';

test('integers of 64 bits keep their digits', () => {
  expect(prettyJson('{"big":18446744073709551615,"list":[1,2]}')).toBe('{ "big": 18446744073709551615, "list": [1, 2] }');
});

test('long values are indented, strings untouched', () => {
  const text = prettyJson(JSON.stringify({ first: 'x'.repeat(60), second: ['y: {}[]', '"', 'z'.repeat(60)], empty: {}, none: [] }));
  expect(text.split('\n')[1]).toBe(`  "first": "${'x'.repeat(60)}",`);
  expect(JSON.parse(text)).toEqual({ first: 'x'.repeat(60), second: ['y: {}[]', '"', 'z'.repeat(60)], empty: {}, none: [] });
});

test('what is not JSON stays as it is', () => {
  expect(prettyJson('not {json')).toBe('not {json');
  expect(prettyJson('"text"')).toBe('"text"');
});

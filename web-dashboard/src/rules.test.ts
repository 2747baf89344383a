// Rules of these sources that no compiler checks. Goal: nothing that the policy of the page forbids, or that would let a server's text
// become markup, gets in; every file says what it owns and is short.

import { expect, test } from 'vitest';

const SOURCES = import.meta.glob<string>(['./**/*.ts', './**/*.tsx', './**/*.css', '../index.html'], { query: '?raw', import: 'default', eager: true });
const MAX_LINES = 420;

// Put together here, so that this file does not find itself.
const FORBIDDEN = [
  ['inner', 'HTML'], ['outer', 'HTML'], ['dangerously', 'SetInnerHTML'], ['insertAdjacent', 'HTML'], ['document.', 'write'], ['ev', 'al('], ['new Func', 'tion('],
  ['http', '://fonts'], ['https://', 'cdn'], ['java', 'script:'], ['@imp', 'ort'],
].map((parts) => parts.join(''));

const own = Object.entries(SOURCES);

test('there are sources to look at', () => {
  expect(own.length).toBeGreaterThan(60);
});

test('nothing turns text into markup or code, nothing comes from elsewhere', () => {
  const found = own.flatMap(([file, text]) => FORBIDDEN.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`));
  expect(found).toEqual([]);
});

test('the page itself has no script, style or handler in it', () => {
  const page = SOURCES['../index.html'] ?? '';
  expect(page).toContain('<title>');
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
});

test('no character that cannot be seen', () => {
  const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;
  expect(own.filter(([, text]) => unseen.test(text)).map(([file]) => file)).toEqual([]);
});

test('files begin with what they own, and are short', () => {
  const sources = own.filter(([file]) => /\.(ts|tsx|css)$/.test(file) && !/\.(test|d)\.tsx?$/.test(file));
  expect(sources.filter(([, text]) => !/^(\/\/|\/\*) /.test(text)).map(([file]) => file)).toEqual([]);
  expect(sources.filter(([, text]) => text.split('\n').length > MAX_LINES).map(([file]) => file)).toEqual([]);
});

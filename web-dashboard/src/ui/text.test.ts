import { expect, test } from 'vitest';
import { line, plain } from './text';

test('controls, overrides and invisible characters become visible', () => {
  expect(plain('a\u202eb')).toBe('a⟨U+202E⟩b');
  expect(plain('x\u0007\u001b[31m')).toBe('x⟨U+0007⟩␛[31m');
  expect(plain('\u200b\u2066\ufeff\u00ad')).toBe('⟨U+200B⟩⟨U+2066⟩⟨U+FEFF⟩⟨U+00AD⟩');
  expect(plain('\u{e0041}')).toBe('⟨U+E0041⟩');
  expect(plain('\ud800x')).toBe('⟨U+D800⟩x');
});

test('ordinary texts stay as they are', () => {
  for (const text of ['numbers/square', 'häuser\tund\nzeilen', '日本語', '😀', 'مرحبا', '<b>&amp;</b>', '']) expect(plain(text)).toBe(text);
});

test('one line, cut', () => {
  expect(line('a\n  b')).toBe('a ⏎ b');
  expect(line('x'.repeat(300), 10)).toBe(`${'x'.repeat(9)}…`);
});

import { expect, test } from 'vitest';
import { curl, python, shell, taskCommands } from './copyAs';

test('arguments of a shell cannot break out', () => {
  expect(shell('numbers/sum')).toBe('numbers/sum');
  expect(shell("a'; rm -rf ~")).toBe("'a'\\''; rm -rf ~'");
  expect(shell('$(x)')).toBe("'$(x)'");
  expect(shell('')).toBe("''");
});

test('texts of Python', () => {
  expect(python('a"b\n')).toBe('"a\\"b\\n"');
  expect(python('\u202eé')).toBe('"\\u202e\\u00e9"');
});

test('commands', () => {
  const known = taskCommands('http://127.0.0.1:8787', 'abc', 'sq[3]');
  expect(known.curl).toBe("curl -s 'http://127.0.0.1:8787/api/v1/runs/abc/tasks/sq%5B3%5D/result?wait=30s'");
  expect(known.cli).toBe("wask result abc 'sq[3]' --server http://127.0.0.1:8787");
  expect(known.python).toContain('client.future("abc", "sq[3]")');
  expect(curl('POST', 'http://h/x', { 'content-type': 'application/json' }, '[1]')).toBe("curl -s -X POST http://h/x -H 'content-type: application/json' --data-binary '[1]'");
});

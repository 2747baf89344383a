// Blocks as the host makes them: golden files that both sides read, and everything that can be wrong with bytes.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BlockError, decodeBlock, encodeBlock, rowAt, type SpanRow } from './block';

const GOLDEN = new URL('../../tests/golden/', import.meta.url);

interface Golden {
  first: number;
  base_us: number;
  rows: SpanRow[];
}

/** Five attempts: plain, cold and failed, tried again, parked, known. All values fit f32 exactly. */
const ROWS: SpanRow[] = [
  { start: 0, dur: 1500.5, queue: 250, fetch: 100.25, startup: 12.5, parked: 0, store: 3.75, peak: 65536, output: 8, task: 0, function: 0, lane: 0, attempt: 1, state: 0, flags: 0 },
  { start: 16.0625, dur: 4096, queue: 512, fetch: 500, startup: 2048, parked: 0, store: 0, peak: 1114112, output: 0, task: 1, function: 1, lane: 1, attempt: 1, state: 2, flags: 1 },
  { start: 5000.000001, dur: 128, queue: 64, fetch: 0, startup: 0.5, parked: 0, store: 0, peak: 1114112, output: 0, task: 1, function: 1, lane: 0, attempt: 2, state: 1, flags: 0 },
  { start: 86400000000.125, dur: 1048576, queue: 0, fetch: 0, startup: 1, parked: 1000000, store: 16, peak: 4294967296, output: 16777216, task: 4294967295, function: 65534, lane: 65534, attempt: 65535, state: 3, flags: 2 },
  { start: 20, dur: 0, queue: 0, fetch: 0, startup: 0, parked: 0, store: 0, peak: 0, output: 8, task: 2, function: 0, lane: 65535, attempt: 1, state: 4, flags: 3 },
];
const HEAD = { first: 65536 * 3 + 7, baseUs: 1790000000000001 };

function bytes(name: string): ArrayBuffer {
  const file = readFileSync(new URL(name, GOLDEN));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
}

function golden(name: string, rows: SpanRow[]): void {
  // Written once, then only read: `GOLDEN=write npm test` makes them anew.
  if (process.env['GOLDEN'] !== 'write' && existsSync(new URL(`${name}.bin`, GOLDEN))) return;
  const document: Golden = { first: HEAD.first, base_us: HEAD.baseUs, rows };
  writeFileSync(new URL(`${name}.bin`, GOLDEN), new Uint8Array(encodeBlock(rows, HEAD)));
  writeFileSync(new URL(`${name}.json`, GOLDEN), `${JSON.stringify(document, null, 1)}\n`);
}

const WITH_RUNS = ROWS.map((row, i) => ({ ...row, run: i * 1000 }));

test.each([['spans-v1', ROWS], ['spans-v1-runs', WITH_RUNS]] as const)('%s.bin is what its document says, both ways', (name, rows) => {
  golden(name, rows);
  const document = JSON.parse(readFileSync(new URL(`${name}.json`, GOLDEN), 'utf8')) as Golden;
  const file = bytes(`${name}.bin`);
  const block = decodeBlock(file);
  expect(block.first).toBe(document.first);
  expect(block.baseUs).toBe(document.base_us);
  expect(block.count).toBe(document.rows.length);
  document.rows.forEach((row, i) => expect(rowAt(block, i)).toEqual(row));
  expect(document.rows).toEqual(rows);
  const again = encodeBlock(document.rows, { first: document.first, baseUs: document.base_us });
  expect(new Uint8Array(again)).toEqual(new Uint8Array(file));
});

test('columns are views of the buffer, not copies', () => {
  const buffer = encodeBlock(ROWS, HEAD);
  const block = decodeBlock(buffer);
  expect(block.start.buffer).toBe(buffer);
  expect(block.flags.buffer).toBe(buffer);
});

test('an empty block is a block', () => {
  expect(decodeBlock(encodeBlock([], HEAD))).toMatchObject({ count: 0, first: HEAD.first, run: null });
});

test('wrong bytes are told apart', () => {
  const fault = (change: (view: DataView) => void, cut = 0): string => {
    const buffer = encodeBlock(ROWS, HEAD);
    change(new DataView(buffer));
    try {
      decodeBlock(cut ? buffer.slice(0, buffer.byteLength - cut) : buffer);
    } catch (error) {
      if (error instanceof BlockError) return error.fault;
      throw error;
    }
    return 'none';
  };
  expect(fault(() => undefined)).toBe('none');
  expect(fault((view) => view.setUint8(0, 0))).toBe('magic');
  expect(fault((view) => view.setUint16(4, 2, true))).toBe('version');
  expect(fault((view) => view.setUint16(6, 2, true))).toBe('columns');
  expect(fault((view) => view.setUint16(6, 1, true))).toBe('length');
  expect(fault((view) => view.setUint32(24, 6, true))).toBe('length');
  expect(fault((view) => view.setUint32(24, 65537, true))).toBe('count');
  expect(fault(() => undefined, 1)).toBe('length');
  expect(() => decodeBlock(new ArrayBuffer(31))).toThrow(BlockError);
});

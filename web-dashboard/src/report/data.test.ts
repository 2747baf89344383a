// A report's data: blocks out of base64, whole and in pieces, and what is wrong with them is told.

import { expect, test } from 'vitest';
import { encodeBlock, type SpanRow } from '../data/block';
import { CHUNK_SPANS } from '../data/chunk';
import { makeRows } from '../data/made';
import { bytesOf, feedOf, keysOf, type ReportData } from './data';

const BASE = 1_790_000_000_000_000;

const base64 = (bytes: ArrayBuffer): string => {
  let text = '';
  for (let at = 0; at < bytes.byteLength; at += 8192) text += String.fromCharCode(...new Uint8Array(bytes.slice(at, at + 8192)));
  return btoa(text);
};

function dataOf(rows: SpanRow[], cuts: number[], first = 0): ReportData {
  const blocks = cuts.map((from, n) => base64(encodeBlock(rows.slice(from, cuts[n + 1] ?? rows.length), { first: first + from, baseUs: BASE })));
  return {
    run: { id: 'r', name: 'n', state: 'succeeded', open: false, counts: {}, functions: [], outputs: {}, failures: [], created_at: '', started_at: null, finished_at: null },
    manifest: { run: 'r', total: rows.length, block: CHUNK_SPANS, sealed: 0, base_us: BASE, functions: ['a'], lanes: [] },
    blocks, names: { 3: 'three' }, failures: null, graph: null, critical_path: null,
  };
}

test('every span is there, however blocks are cut', () => {
  const rows = makeRows(1, { spans: CHUNK_SPANS + 500 });
  for (const cuts of [[0, CHUNK_SPANS], [0, 1000, 66_000]]) {
    const { feed, faults } = feedOf(dataOf(rows, cuts));
    expect(faults).toEqual([]);
    expect(feed.store.count).toBe(rows.length);
    expect(feed.store.row(rows.length - 1)?.task).toBe(rows.at(-1)!.task);
  }
  expect(feedOf(dataOf(rows.slice(0, 100), [0], 70_000)).feed.store.row(70_007)?.task).toBe(rows[7]!.task);
});

test('a block that cannot be read is told, the others are shown', () => {
  const rows = makeRows(2, { spans: 100 });
  const data = dataOf(rows, [0, 50]);
  const { feed, faults } = feedOf({ ...data, blocks: ['AAAA', ...data.blocks] });
  expect(faults.length).toBe(1);
  expect(feed.store.count).toBe(100);
});

test('keys come from the report', async () => {
  const keys = keysOf(dataOf(makeRows(3, { spans: 5 }), [0]));
  expect(keys.get(3)).toBeUndefined();
  await new Promise((done) => setTimeout(done, 120));
  expect(keys.get(3)).toBe('three');
  expect(keys.get(4)).toBeUndefined();
  expect([...new Uint8Array(bytesOf('AQID'))]).toEqual([1, 2, 3]);
});

// The feed against a server that sends odd pieces, breaks off anywhere, and repeats itself: nothing is missed, nothing comes twice.

import { describe, expect, test } from 'vitest';
import { encodeBlock, type SpanRow } from './block';
import { CHUNK_SPANS } from './chunk';
import { RunFeed } from './feed';
import { makeRows, random } from './made';
import type { Socket, World } from './world';

const BASE = 1_790_000_000_000_000;

class MissingError extends Error {}

/** A server of one history, and a browser whose time passes when the test says so. */
class FakeWorld implements World {
  time = 0;
  opened: string[] = [];
  asked: string[] = [];
  sockets: { socket: Socket; from: number; sent: string[]; closed: boolean }[] = [];
  hiddenNow = false;
  failing = 0;
  missing = false;
  running = 0;
  mostRunning = 0;
  private timers: { at: number; act: () => void }[] = [];
  private visibility: (() => void)[] = [];

  constructor(public rows: SpanRow[], readonly next: () => number = () => 0.5) {}

  async json(path: string): Promise<unknown> {
    this.asked.push(path);
    await Promise.resolve();
    if (this.missing) throw new MissingError();
    if (this.failing-- > 0) throw new Error('no answer');
    const sealed = Math.floor(this.rows.length / CHUNK_SPANS);
    return { run: 'r', total: this.rows.length, block: CHUNK_SPANS, sealed, base_us: BASE, functions: ['m/f'], lanes: [] };
  }

  async bytes(path: string): Promise<ArrayBuffer> {
    this.asked.push(path);
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    await new Promise((done) => setTimeout(done, 1));
    this.running--;
    if (this.failing-- > 0) throw new Error('no answer');
    const n = Number(path.split('/').at(-1));
    return encodeBlock(this.rows.slice(n * CHUNK_SPANS, (n + 1) * CHUNK_SPANS), { first: n * CHUNK_SPANS, baseUs: BASE });
  }

  open(path: string, opened: () => void): Socket {
    this.opened.push(path);
    const sent: string[] = [];
    const entry = { sent, closed: false, from: Number(new URLSearchParams(path.split('?')[1]).get('from') ?? 0), socket: null as unknown as Socket };
    entry.socket = { onMessage: () => undefined, onClose: () => undefined, send: (text) => sent.push(text), close: () => (entry.closed = true) };
    this.sockets.push(entry);
    void Promise.resolve().then(opened);
    return entry.socket;
  }

  get last() {
    return this.sockets.at(-1)!;
  }

  send(from: number, to: number): void {
    this.last.socket.onMessage(encodeBlock(this.rows.slice(from, to), { first: from, baseUs: BASE }));
  }

  tick(total: number, nowUs = BASE + this.time * 1000): void {
    this.last.socket.onMessage(JSON.stringify({ type: 'tick', now_us: nowUs, total, running: [], running_total: 0, counts: {}, functions: [], server: {} }));
  }

  names(epoch: string): void {
    this.last.socket.onMessage(JSON.stringify({ type: 'names', epoch, functions: ['m/f'], lanes: [], runs: { 3: { id: 'x', name: 'y' } } }));
  }

  now = () => this.time;
  random = () => this.next();
  rare = () => this.hiddenNow;
  withNext = (act: () => void): (() => void) => (act(), () => undefined);
  isMissing = (error: unknown) => error instanceof MissingError;

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.time + ms, act };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((other) => other !== timer));
  }

  onRare(act: () => void): () => void {
    this.visibility.push(act);
    return () => (this.visibility = this.visibility.filter((other) => other !== act));
  }

  hide(hidden: boolean): void {
    this.hiddenNow = hidden;
    for (const act of this.visibility) act();
  }

  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      await settled();
      const due = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((other) => other !== due);
      this.time = Math.max(this.time, due.at);
      due.act();
    }
    this.time = until;
    await settled();
  }
}

const settled = () => new Promise((done) => setTimeout(done, 0));

async function until(condition: () => boolean): Promise<void> {
  for (let n = 0; n < 2000 && !condition(); n++) await new Promise((done) => setTimeout(done, 1));
  expect(condition()).toBe(true);
}

function expectAll(feed: RunFeed, rows: SpanRow[]): void {
  expect(feed.store.count).toBe(rows.length);
  for (let number = 0; number < rows.length; number++) expect(feed.store.row(number)?.task).toBe(rows[number]!.task);
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('a feed that breaks at random, seed %i', (seed) => {
  test('has every span once', async () => {
    const next = random(seed);
    const world = new FakeWorld(makeRows(seed, { spans: 2000 }), next);
    const feed = new RunFeed('r', true, world);
    feed.start();
    await until(() => world.sockets.length > 0);
    let reached = 0;
    let breaks = 0;
    while (feed.store.count < world.rows.length) {
      const chance = next();
      const at = Math.max(world.last.from, reached);
      if (chance < 0.2) {
        world.last.socket.onClose(1006);
        breaks++;
        expect(feed.stale.value).not.toBeNull();
        await world.pass(8000);
        // It comes back with the number after the last span it has.
        expect(world.last.from).toBe(feed.store.count);
        reached = world.last.from;
        continue;
      }
      // Sometimes the server begins a little earlier than asked.
      const first = chance < 0.3 ? Math.max(0, at - Math.floor(next() * 50)) : at;
      reached = Math.min(world.rows.length, Math.max(at, first + 1 + Math.floor(next() * 120)));
      world.send(first, reached);
      world.tick(reached);
      expect(feed.stale.value).toBeNull();
      expect(feed.store.count).toBe(reached);
    }
    expect(breaks).toBeGreaterThan(0);
    expectAll(feed, world.rows);
    feed.stop();
  });
});

test('a skipped span makes it come back for it', async () => {
  const world = new FakeWorld(makeRows(1, { spans: 100 }));
  const feed = new RunFeed('r', true, world);
  feed.start();
  await until(() => world.sockets.length > 0);
  world.send(0, 10);
  world.send(20, 30);
  expect(feed.store.count).toBe(10);
  expect(feed.problem.value?.kind).toBe('unreadable');
  await world.pass(1000);
  expect(world.last.from).toBe(10);
});

test('sealed blocks come newest first, three at a time, through failures, and join the tail', async () => {
  const world = new FakeWorld(makeRows(2, { spans: CHUNK_SPANS * 5 + 30 }));
  world.failing = 1;
  const feed = new RunFeed('r', true, world);
  feed.start();
  await settled();
  expect(feed.stale.value).not.toBeNull();
  world.failing = 0;
  await world.pass(1000);
  await until(() => world.sockets.length > 0);
  expect(feed.stale.value).toBeNull();
  expect(world.last.from).toBe(CHUNK_SPANS * 5);
  world.send(CHUNK_SPANS * 5, world.rows.length);
  await until(() => feed.loading.value === null);
  expect(world.asked.filter((path) => path.includes('/spans/')).map((path) => Number(path.split('/').at(-1)))).toEqual([4, 3, 2, 1, 0]);
  expect(world.mostRunning).toBe(3);
  expect(feed.store.count).toBe(world.rows.length);
  expect(feed.store.chunks.map((chunk) => chunk.first / CHUNK_SPANS)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a run that is not there, or is deleted, is said and not asked for again', async () => {
  const world = new FakeWorld([]);
  world.missing = true;
  const feed = new RunFeed('r', true, world);
  feed.start();
  await world.pass(30_000);
  expect(feed.problem.value).toEqual({ kind: 'missing' });
  expect(world.asked.length).toBe(1);

  const other = new FakeWorld(makeRows(1, { spans: 5 }));
  const deleted = new RunFeed('r', true, other);
  deleted.start();
  await until(() => other.sockets.length > 0);
  other.last.socket.onClose(4404);
  await other.pass(30_000);
  expect(deleted.problem.value).toEqual({ kind: 'deleted' });
  expect(other.sockets.length).toBe(1);
});

test('a server with less than the page has makes the page begin anew, and say so', async () => {
  const world = new FakeWorld(makeRows(3, { spans: 100 }));
  const feed = new RunFeed('r', true, world);
  feed.start();
  await until(() => world.sockets.length > 0);
  world.send(0, 100);
  world.rows = world.rows.slice(0, 40);
  world.last.socket.onClose(1006);
  await world.pass(1000);
  expect(world.last.from).toBe(100);
  world.tick(40);
  expect(feed.problem.value).toEqual({ kind: 'shorter' });
  await until(() => world.last.from === 0);
  world.send(0, 40);
  expectAll(feed, world.rows);
});

test('the feed of all runs survives the server, whose next life has other numbers', async () => {
  const world = new FakeWorld(makeRows(4, { spans: 300 }));
  const feed = new RunFeed(null, true, world);
  feed.start();
  expect(world.opened).toEqual(['/live']);
  world.names('a');
  world.send(100, 200);
  expect(feed.store.runs.get(3)).toEqual({ id: 'x', name: 'y' });
  world.last.socket.onClose(1001);
  await world.pass(1000);
  expect(world.opened.at(-1)).toBe('/live?from=200&epoch=a');
  world.names('a');
  // The oldest that is kept is newer than what was asked for.
  world.send(250, 260);
  expect(feed.store.count).toBe(110);
  world.last.socket.onClose(1006);
  await world.pass(1000);
  world.names('b');
  world.send(0, 30);
  world.tick(30);
  expect(feed.store.count).toBe(30);
  expect(feed.problem.value).toBeNull();
});

test('a silent socket is given up; waiting grows to five seconds', async () => {
  const world = new FakeWorld(makeRows(5, { spans: 10 }));
  const feed = new RunFeed('r', true, world);
  feed.start();
  await until(() => world.sockets.length > 0);
  world.tick(0);
  await world.pass(12_001);
  expect(world.sockets[0]!.closed).toBe(true);
  expect(feed.stale.value).not.toBeNull();
  const waits: number[] = [];
  for (let n = 0; n < 6; n++) {
    const before = world.sockets.length;
    let waited = 0;
    while (world.sockets.length === before) {
      await world.pass(100);
      waited += 100;
    }
    waits.push(waited);
    world.last.socket.onClose(1006);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  feed.stop();
  await world.pass(60_000);
  expect(world.sockets.length).toBe(7);
});

test('the server is told when the page is hidden, and its clock counts', async () => {
  const world = new FakeWorld(makeRows(6, { spans: 10 }));
  world.hiddenNow = true;
  const feed = new RunFeed('r', true, world);
  feed.start();
  await until(() => world.last?.sent.length === 1);
  world.hide(false);
  expect(world.last.sent).toEqual(['{"hidden":true}', '{"hidden":false}']);
  world.time = 1000;
  world.tick(0, BASE + 5_000_000);
  world.time = 1250;
  expect(feed.now()).toBe(5_250_000);
  world.last.socket.onClose(1006);
  world.time = 9000;
  expect(feed.now()).toBe(5_000_000);
});

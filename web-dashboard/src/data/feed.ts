// The spans of a run, or of all runs, kept up to date: sealed blocks by request, newest first, then the tail by socket from the number
// after the last span it has. It reconnects by itself, and says when it is behind. It never draws.

import { batch, signal, type Signal } from '../state/signals';
import { path as pathOf } from '../api/client';
import { BlockError, decodeBlock } from './block';
import { parseMessage, type Manifest, type Names, type Tick } from './messages';
import { ALL_RUNS_LIMIT, SpanStore } from './store';
import { browserWorld, type Socket, type World } from './world';

export type { Open, Tick } from './messages';

/** What a page has to say about its feed. */
export type Problem =
  | { kind: 'missing' | 'deleted' }
  /** The server had fewer spans than this page, so that it began anew. */
  | { kind: 'shorter' }
  /** The server sent what this page cannot read. */
  | { kind: 'unreadable'; message: string };

const PARALLEL = 3;
const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 5000;
/** The server ticks every 5 s at least. */
const SILENCE_MS = 12_000;
const CLOSED_DELETED = 4404;

interface Message {
  readonly data: string | ArrayBuffer;
  readonly at: number;
}

const isTick = ({ data }: Message): boolean => typeof data === 'string' && data.startsWith('{"type":"tick"');

export class RunFeed {
  readonly tick: Signal<Tick | null> = signal(null);
  /** Since when (milliseconds since 1970) nothing came. */
  readonly stale: Signal<{ since: number } | null> = signal(null);
  readonly problem: Signal<Problem | null> = signal(null);
  /** Sealed spans that are here, of how many; null when they are complete. */
  readonly loading: Signal<{ have: number; total: number } | null> = signal(null);
  /** Goes up when names of functions or lanes came. */
  readonly names: Signal<number> = signal(0);
  readonly store: SpanStore;

  private life: AbortController | null = null;
  private socket: Socket | null = null;
  private next: number | null = null;
  private epoch: string | null = null;
  private faults = 0;
  private lastHeard = Date.now();
  private cancelWatch = (): void => undefined;
  private cancelRetry = (): void => undefined;
  private stopRare = (): void => undefined;
  /** What came and was not read yet: it is read when it can be shown. */
  private inbox: Message[] = [];
  /** Server time minus local time, microseconds. */
  private offsetUs: number | null = null;

  /** `keeps`: whether spans are wanted, or what runs alone. */
  constructor(readonly run: string | null, private readonly keeps = true, private readonly world: World = browserWorld) {
    this.store = new SpanStore(run === null ? ALL_RUNS_LIMIT : Infinity);
  }

  /** The server's time now, microseconds after the store's base; what it said last while nothing comes. */
  now(): number {
    const known = this.tick.peek();
    if (!known || this.offsetUs === null) return this.store.tMax;
    const live = this.stale.peek() ? known.now_us : this.world.now() * 1000 + this.offsetUs;
    return live - this.store.baseUs;
  }

  start(): void {
    if (this.life) return;
    this.life = new AbortController();
    this.stopRare = this.world.onRare(() => this.tellRare());
    if (this.run !== null && this.next === null) void this.load(this.life.signal);
    else this.connect();
  }

  stop(): void {
    this.life?.abort();
    this.life = null;
    this.stopRare();
    this.disconnect();
    this.cancelRetry();
    // Sealed blocks that did not come are asked for again.
    if (this.loading.peek()) this.forget();
  }

  private get live(): boolean {
    return this.life !== null;
  }

  private async load(signal: AbortSignal): Promise<void> {
    const here = pathOf('/runs', this.run!);
    try {
      const manifest = (await this.world.json(`${here}/spans`, signal)) as Manifest;
      if (signal.aborted) return;
      this.store.setBase(manifest.base_us);
      this.store.setNames(manifest.functions, manifest.lanes);
      this.names.value++;
      this.next = manifest.sealed * manifest.block;
      this.faults = 0;
      this.stale.value = null;
      if (manifest.sealed > 0) void this.fetchBlocks(here, manifest, signal);
      this.connect();
    } catch (error) {
      if (signal.aborted) return;
      if (this.world.isMissing(error)) this.problem.value = { kind: 'missing' };
      else this.later(() => void this.load(signal));
    }
  }

  /** All sealed blocks, the newest first, a few at a time. */
  private async fetchBlocks(here: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
    let wanted = manifest.sealed;
    let have = 0;
    const total = manifest.sealed * manifest.block;
    this.loading.value = { have, total };
    const work = async (): Promise<void> => {
      while (wanted > 0 && !signal.aborted) {
        const n = --wanted;
        await this.fetchBlock(`${here}/spans/${n}`, signal);
        if (signal.aborted) return;
        have += manifest.block;
        this.loading.value = { have, total };
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    if (!signal.aborted) this.loading.value = null;
  }

  private async fetchBlock(path: string, signal: AbortSignal): Promise<void> {
    for (let fault = 0; !signal.aborted; fault++) {
      try {
        const bytes = await this.world.bytes(path, signal);
        if (!signal.aborted) this.store.addSealed(decodeBlock(bytes));
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof BlockError || this.world.isMissing(error)) {
          this.problem.value = { kind: 'unreadable', message: error instanceof Error ? error.message : 'a block is missing' };
          return;
        }
        await new Promise<void>((done) => this.world.after(this.delay(fault), done));
      }
    }
  }

  private connect(): void {
    const query = new URLSearchParams();
    if (this.run !== null) query.set('run', this.run);
    if (this.next !== null) query.set('from', String(this.next));
    if (this.run === null && this.epoch !== null) query.set('epoch', this.epoch);
    const asked = query.toString();
    const socket = this.world.open(`/live${asked ? `?${asked}` : ''}`, () => {
      if (this.socket === socket && this.world.rare()) this.tellRare();
    });
    this.socket = socket;
    socket.onMessage = (data) => {
      if (this.socket !== socket) return;
      this.heard();
      this.inbox.push({ data, at: this.world.now() });
      // What comes first is not waited for.
      if (this.tick.peek()) this.world.withNext(this.read);
      else this.read();
    };
    socket.onClose = (code) => {
      if (this.socket !== socket) return;
      this.read();
      if (this.socket !== socket) return;
      this.socket = null;
      if (code === CLOSED_DELETED) {
        this.cancelWatch();
        this.problem.value = { kind: 'deleted' };
      } else this.lost();
    };
    this.watch();
  }

  private disconnect(): void {
    const socket = this.socket;
    this.socket = null;
    this.inbox = [];
    this.cancelWatch();
    socket?.close();
  }

  /** Of ticks that came together only the last one counts: everything in it is absolute. */
  private read = (): void => batch(() => {
    const { inbox } = this;
    this.inbox = [];
    const last = inbox.findLastIndex(isTick);
    inbox.forEach((one, n) => {
      if (this.socket === null) return;
      if (typeof one.data !== 'string') this.block(one.data);
      else if (n === last || !isTick(one)) this.text(one.data, one.at);
    });
  });

  private text(data: string, at: number): void {
    const message = parseMessage(data);
    if (message?.type === 'names') this.takeNames(message);
    else if (message?.type === 'tick') this.takeTick(message, at);
  }

  private takeNames(message: Names): void {
    if (this.run === null && message.epoch !== undefined && message.epoch !== this.epoch) {
      // Another life of the server: numbers begin anew.
      if (this.epoch !== null) this.store.clear();
      this.epoch = message.epoch;
      this.next = null;
    }
    this.store.setNames(message.functions, message.lanes);
    if (message.runs) this.store.addRuns(message.runs);
    this.names.value++;
  }

  private takeTick(tick: Tick, at: number): void {
    if (this.next !== null && tick.total < this.next) {
      this.problem.value = { kind: 'shorter' };
      this.beginAnew();
      return;
    }
    const offset = tick.now_us - at * 1000;
    // The quickest message is nearest to the truth; slower ones correct it only slowly.
    this.offsetUs = this.offsetUs === null || offset > this.offsetUs ? offset : this.offsetUs + 0.05 * (offset - this.offsetUs);
    this.store.setBase(tick.now_us);
    const running = tick.running.map((one) => ({ ...one, lane: one.lane ?? this.store.laneOf(one.worker, one.slot) }));
    this.tick.value = { ...tick, running };
  }

  private block(data: ArrayBuffer): void {
    try {
      const block = decodeBlock(data);
      if (block.count === 0) return;
      const next = this.next ?? block.first;
      // Only the feed of all runs forgets, so only there numbers may be skipped.
      if (block.first > next && this.run !== null) throw new BlockError('count');
      const known = Math.max(0, next - block.first);
      if (this.keeps && known < block.count) this.store.append(block, known);
      this.next = Math.max(next, block.first + block.count);
    } catch (error) {
      if (!(error instanceof BlockError)) throw error;
      this.problem.value = { kind: 'unreadable', message: error.message };
      this.disconnect();
      this.lost();
    }
  }

  private heard(): void {
    this.lastHeard = Date.now();
    this.faults = 0;
    if (this.stale.peek()) this.stale.value = null;
    this.watch();
  }

  /** A socket that says nothing for long is as good as closed. */
  private watch(): void {
    this.cancelWatch();
    this.cancelWatch = this.world.after(SILENCE_MS, () => {
      this.disconnect();
      this.lost();
    });
  }

  private lost(): void {
    this.cancelWatch();
    if (this.live) this.later(() => this.connect());
  }

  private later(act: () => void): void {
    this.stale.value ??= { since: this.lastHeard };
    this.cancelRetry();
    this.cancelRetry = this.world.after(this.delay(this.faults++), () => {
      if (this.live) act();
    });
  }

  /** Half a second, doubled with each fault up to five, give or take a quarter so that pages do not come all at once. */
  private delay(faults: number): number {
    return Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(faults, 10)) * (0.75 + 0.5 * this.world.random());
  }

  private tellRare(): void {
    this.socket?.send(JSON.stringify({ hidden: this.world.rare() }));
  }

  private forget(): void {
    this.next = null;
    this.loading.value = null;
    this.store.clear();
  }

  private beginAnew(): void {
    this.disconnect();
    this.life?.abort();
    this.life = null;
    this.stopRare();
    this.forget();
    this.start();
  }
}

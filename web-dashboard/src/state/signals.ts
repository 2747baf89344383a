// Values that tell who read them when they change: signals, values computed of signals, effects. It knows nothing of what the values
// mean, nor of components; `hooks.ts` ties those to it.

export interface ReadonlySignal<T> {
  /** Reading it in an effect, a computed value or a component subscribes that to it. */
  readonly value: T;
  /** The value without subscribing. */
  peek(): T;
}

export interface Signal<T> extends ReadonlySignal<T> {
  value: T;
}

/** What reads sources, and is told when one of them may have changed. */
interface Reader {
  /** Sources of the last run, each with the version that was read. */
  sources: Map<Source<unknown>, number>;
  notify(): void;
}

/** Effects loop when they change what they read; this many rounds are no accident. */
const ROUNDS_MAX = 100;

let reader: Reader | null = null;
let depth = 0;
const due = new Set<Watcher>();

class Source<T> implements Signal<T> {
  readonly readers = new Set<Reader>();
  version = 0;

  constructor(protected kept: T) {}

  get value(): T {
    const kept = this.peek();
    if (reader) {
      this.readers.add(reader);
      reader.sources.set(this as Source<unknown>, this.version);
    }
    return kept;
  }

  set value(next: T) {
    if (next === this.kept) return;
    this.kept = next;
    this.version++;
    batch(() => this.tell());
  }

  peek(): T {
    return this.kept;
  }

  protected tell(): void {
    for (const one of [...this.readers]) one.notify();
  }
}

/** Computed when it is asked for and a source of it changed. It stays subscribed: such values live as long as the page. */
class Computed<T> extends Source<T> implements Reader {
  sources = new Map<Source<unknown>, number>();
  private stale = true;

  constructor(private readonly compute: () => T) {
    super(undefined as T);
  }

  notify(): void {
    if (this.stale) return;
    this.stale = true;
    this.tell();
  }

  override peek(): T {
    if (!this.stale) return this.kept;
    this.stale = false;
    if (this.version === 0 || changed(this)) {
      const next = track(this, this.compute);
      if (this.version === 0 || next !== this.kept) this.version++;
      this.kept = next;
    }
    return this.kept;
  }
}

/** Runs `act` when a source changed that was read in `track` before. */
export class Watcher implements Reader {
  sources = new Map<Source<unknown>, number>();

  constructor(readonly act: () => void) {}

  notify(): void {
    due.add(this);
  }

  stop(): void {
    for (const source of this.sources.keys()) source.readers.delete(this);
    this.sources.clear();
    due.delete(this);
  }
}

/** Whether a source has another value than the reader saw. */
function changed(one: Reader): boolean {
  for (const [source, version] of one.sources) {
    source.peek();
    if (source.version !== version) return true;
  }
  return false;
}

/** Calls `act`, and keeps which sources it reads. */
export function track<T>(one: Reader, act: () => T): T {
  const [before, old] = [reader, one.sources];
  one.sources = new Map();
  reader = one;
  try {
    return batch(act);
  } finally {
    reader = before;
    for (const source of old.keys()) if (!one.sources.has(source)) source.readers.delete(one);
  }
}

/** Changes made in `act` are told of when it has ended. */
export function batch<T>(act: () => T): T {
  depth++;
  try {
    return act();
  } finally {
    try {
      if (depth === 1) flush();
    } finally {
      depth--;
    }
  }
}

function flush(): void {
  for (let round = 0; due.size > 0; round++) {
    if (round > ROUNDS_MAX) {
      due.clear();
      throw new Error('effects change what they read');
    }
    for (const one of [...due]) {
      if (due.delete(one) && changed(one)) one.act();
    }
  }
}

export function signal<T>(value: T): Signal<T> {
  return new Source(value);
}

export function computed<T>(compute: () => T): ReadonlySignal<T> {
  return new Computed(compute);
}

/** Runs `act` now and whenever what it read has changed; gives back what ends that. */
export function effect(act: () => void): () => void {
  let ended = false;
  const one = new Watcher(() => { if (!ended) track(one, act); });
  one.act();
  return () => {
    ended = true;
    one.stop();
  };
}

// A block of spans as the host sends it (docs/dashboard-data.md): columns viewed in place, nothing copied. It checks what it is
// given and says what is wrong; it never keeps anything.

/** What can be wrong with bytes that should be a block. */
export type BlockFault = 'magic' | 'version' | 'columns' | 'length' | 'count';

export class BlockError extends Error {
  constructor(readonly fault: BlockFault) {
    super(`a block has another ${fault} than it should`);
  }
}

/** How an attempt ended. */
export const State = { succeeded: 0, failed: 1, retried: 2, cancelled: 3, known: 4 } as const;
export const STATE_NAMES = ['succeeded', 'failed', 'failed, tried again', 'cancelled', 'known result'] as const;

export const Flag = { cold: 1, parked: 2 } as const;

/** The lane of a span that had no slot. */
export const NO_LANE = 65535;

/** Columns of spans. All times are microseconds; `start` counts from the owner's base. */
export interface Columns {
  readonly start: Float64Array;
  readonly dur: Float32Array;
  readonly queue: Float32Array;
  readonly fetch: Float32Array;
  readonly startup: Float32Array;
  readonly parked: Float32Array;
  readonly store: Float32Array;
  readonly peak: Float32Array;
  readonly output: Float32Array;
  readonly task: Uint32Array;
  readonly function: Uint16Array;
  readonly lane: Uint16Array;
  readonly attempt: Uint16Array;
  readonly state: Uint8Array;
  readonly flags: Uint8Array;
  /** Only in the feed of all runs. */
  readonly run: Uint32Array | null;
}

export interface SpanBlock extends Columns {
  /** Number of the first span. */
  readonly first: number;
  /** Microseconds since 1970 that `start` counts from. */
  readonly baseUs: number;
  readonly count: number;
}

/** One span as an object, for tests, tables and details. */
export interface SpanRow {
  start: number;
  dur: number;
  queue: number;
  fetch: number;
  startup: number;
  parked: number;
  store: number;
  peak: number;
  output: number;
  task: number;
  function: number;
  lane: number;
  attempt: number;
  state: number;
  flags: number;
  run?: number;
}

type Name = Exclude<keyof Columns, 'run'>;
type Numbers = Columns[Name];
type Kind = Float64ArrayConstructor | Float32ArrayConstructor | Uint32ArrayConstructor | Uint16ArrayConstructor | Uint8ArrayConstructor;

/** The columns in the order of the wire, with what their elements are. */
const KINDS: Record<Name, Kind> = {
  start: Float64Array, dur: Float32Array, queue: Float32Array, fetch: Float32Array, startup: Float32Array, parked: Float32Array, store: Float32Array,
  peak: Float32Array, output: Float32Array, task: Uint32Array, function: Uint16Array, lane: Uint16Array, attempt: Uint16Array, state: Uint8Array,
  flags: Uint8Array,
};
export const NAMES = Object.keys(KINDS) as Name[];

/** Columns whose arrays `make` makes, each of its kind, in the order of the wire. */
export function columnsOf(withRun: boolean, make: (kind: Kind) => Numbers): Columns {
  const columns: Partial<Record<keyof Columns, unknown>> = {};
  for (const name of NAMES) columns[name] = make(KINDS[name]);
  columns.run = withRun ? make(Uint32Array) : null;
  return columns as Columns;
}

const HEAD_BYTES = 32;
const VERSION = 1;
const HAS_RUN = 1;
const COUNT_MAX = 65536;

const padded = (bytes: number) => (bytes + 7) & ~7;

function sizeOf(count: number, withRun: boolean): number {
  let size = HEAD_BYTES + (withRun ? padded(4 * count) : 0);
  for (const name of NAMES) size += padded(KINDS[name].BYTES_PER_ELEMENT * count);
  return size;
}

/** Views the block in `buffer`; throws a `BlockError` when it is none. */
export function decodeBlock(buffer: ArrayBuffer): SpanBlock {
  if (buffer.byteLength < HEAD_BYTES) throw new BlockError('length');
  const head = new DataView(buffer);
  // "WSPN", read as a big-endian number.
  if (head.getUint32(0) !== 0x5753504e) throw new BlockError('magic');
  const version = head.getUint16(4, true);
  if (version !== VERSION) throw new BlockError('version');
  const columns = head.getUint16(6, true);
  if (columns & ~HAS_RUN) throw new BlockError('columns');
  const withRun = (columns & HAS_RUN) !== 0;
  const count = head.getUint32(24, true);
  if (count > COUNT_MAX) throw new BlockError('count');
  const size = sizeOf(count, withRun);
  if (size !== buffer.byteLength) throw new BlockError('length');
  let at = HEAD_BYTES;
  const views = columnsOf(withRun, (kind) => {
    const view = new kind(buffer, at, count);
    at += padded(view.byteLength);
    return view;
  });
  return { ...views, first: Number(head.getBigUint64(8, true)), baseUs: Number(head.getBigUint64(16, true)), count };
}

/** Row `i` of any columns, with its numbers as they are stored. */
export function rowAt(columns: Columns, i: number): SpanRow {
  const row = {} as SpanRow;
  for (const name of NAMES) row[name] = columns[name][i]!;
  if (columns.run) row.run = columns.run[i]!;
  return row;
}

/** The same bytes the host makes of these rows: for tests and made-up runs. */
export function encodeBlock(rows: readonly SpanRow[], head: { first: number; baseUs: number }): ArrayBuffer {
  const withRun = rows[0]?.run !== undefined;
  const buffer = new ArrayBuffer(sizeOf(rows.length, withRun));
  const view = new DataView(buffer);
  view.setUint32(0, 0x5753504e);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, withRun ? HAS_RUN : 0, true);
  view.setBigUint64(8, BigInt(head.first), true);
  view.setBigUint64(16, BigInt(head.baseUs), true);
  view.setUint32(24, rows.length, true);
  const block = decodeBlock(buffer);
  rows.forEach((row, i) => {
    for (const name of NAMES) block[name][i] = row[name];
    if (block.run) block.run[i] = row.run ?? 0;
  });
  return buffer;
}

// The shapes of the API that the pages read, as `/openapi.json` describes them. Fields that only newer servers send are optional.

export const TASK_STATES = ['waiting', 'queued', 'no-worker', 'running', 'succeeded', 'failed', 'cancelled', 'aborted'] as const;
export type TaskState = (typeof TASK_STATES)[number];
export const RUN_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Number of tasks: `total`, and by state. */
export type Counts = Record<string, number>;

export interface Page<T> {
  items: T[];
  next: string | null;
  total: number;
}

export interface Failure {
  kind: string;
  message: string;
  cause?: string | null;
  trace?: string[];
}

export interface Run {
  id: string;
  name: string | null;
  state: RunState;
  open: boolean;
  counts: Counts;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface RunFunction {
  call: string;
  counts: Counts;
  run_us: { p50: number; p95: number; max: number } | null;
}

export interface RunDetail extends Run {
  functions: readonly RunFunction[];
  outputs: Record<string, unknown>;
  /** The first ten. */
  failures: ({ key: string } & Failure)[];
  profile?: boolean;
}

export interface Submitted extends RunDetail {
  url: string;
  dashboard: string;
}

export interface Task {
  key: string;
  call: string;
  state: TaskState;
  attempt: number;
  cached: boolean;
  worker: number | null;
  slot: number | null;
  created_at: string;
  queued_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  queue_us: number | null;
  start_us: number | null;
  run_us: number | null;
  peak_memory: number | null;
  progress?: { done: number; total: number } | null;
  parent?: string | null;
  index?: number;
}

export interface Attempt {
  attempt: number;
  worker: number;
  slot: number;
  started_at: string;
  finished_at: string;
  start_us: number;
  run_us: number;
  peak_memory: number;
  fetch_us?: number;
  store_us?: number;
  parked_us?: number;
  failure: Failure | null;
}

export interface ResultInfo {
  object: string | null;
  size: number;
  media_type: string;
  released: boolean;
}

export interface TaskDetail extends Task {
  run: string;
  deps: string[];
  deps_total: number;
  dependents?: string[];
  dependents_total?: number;
  result: ResultInfo | null;
  failure: Failure | null;
  attempts: Attempt[];
  reason: string | null;
  cause: string | null;
  fetch_us?: number | null;
  store_us?: number | null;
  parked_us?: number | null;
}

export interface Explanation {
  key: string;
  state: string;
  reason: string;
  waiting_for: string[];
  waiting_total: number;
  retry_at: string | null;
  workers: { id: number; name: string; reason: string | null }[];
}

export interface LogLine {
  at: string;
  level: string;
  message: string;
}

export interface Logs {
  attempts: { key: string; attempt: number; lines: LogLine[] }[];
  truncated: boolean;
}

export interface FailureGroup {
  call: string;
  kind: string;
  message: string;
  count: number;
  first_at: string;
  last_at: string;
  keys: string[];
  example: { key: string } & Failure;
}

export interface CriticalPath {
  us: number;
  total: number;
  tasks: { task: number; key: string; call: string; start_us: number; end_us: number }[];
}

export interface Worker {
  id: number;
  name: string;
  slots: number;
  assigned: number;
  running: number;
  draining: boolean;
  resources: Record<string, { total: number; free: number }>;
  joined_at: string;
  finished: number;
  cpu: number | null;
  memory: number | null;
  restarts: number;
  objects: { count: number; bytes: number } | null;
  lanes: WorkerLane[];
}

export interface WorkerLane {
  slot: number;
  state: string;
  restarts: number;
  memory?: number | null;
}

/** A JSON Schema; read with care, it was written by whoever made the module. */
export type Schema = boolean | { [keyword: string]: unknown };

export interface ModuleFunction {
  name: string;
  doc: string;
  params: { name: string; schema: Schema; raw: boolean }[];
  result: { schema: Schema; raw: boolean; media_type?: string | null };
  defaults: { retries?: number | null; timeout_ms?: number | null; memory_max_bytes?: number | null };
}

export interface Module {
  id: string;
  name: string | null;
  names: string[];
  size: number;
  created_at: string;
  pure: boolean;
  imports: string[];
  functions: ModuleFunction[];
}

export interface FunctionDurations {
  name: string;
  count: number;
  failed: number;
  run_us: { p50: number; p95: number; p99: number; max: number } | null;
  histogram: { to_us: number; count: number }[];
}

export interface StoredObject {
  id: string;
  size: number;
  media_type: string;
}

export interface Leases {
  name: string;
  leases: number;
  free: number;
  holders: { token: number; expires_at: string }[];
  waiters: number;
}

export interface Coordination {
  queues: { name: string; size: number; maxsize: number; getters: number; putters: number }[];
  variables: { name: string; bytes: number }[];
  events: { name: string; set: boolean }[];
  locks: Leases[];
  semaphores: Leases[];
  topics: { name: string; size: number; retain: number; first: number; next: number; readers: number }[];
  totals: Record<string, number>;
}

export interface Actor {
  id: string;
  call: string;
  name: string | null;
  created_at: string;
  calls: number;
  waiting: number;
  state_bytes: number;
  snapshot: { call: number; object: string | null };
  worker: number | null;
  last_call_at: string | null;
  last_failure: Failure | null;
}

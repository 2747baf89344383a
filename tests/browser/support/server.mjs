// A real server with a folder of its own: started on a free port, killed, started again over the same data. It ends with its standard
// input, so it never outlives the tests.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DEADLINE_MS, eventually } from './wait.mjs';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const BINARY = path.resolve(process.env.WASK_BINARY ?? path.join(ROOT, 'target/debug/wask'));
/** Another dashboard than the one inside the binary: `WASK_UI_DIR=web-dashboard/dist` needs no build of it. */
const UI_DIR = process.env.WASK_UI_DIR ? ['--ui-dir', path.resolve(process.env.WASK_UI_DIR)] : [];
const READY = 'wask listening on ';

/**
 * @param {{ slots?: number, guests?: string[], args?: string[], binary?: string, token?: string }} [options] guests: modules uploaded at
 *   once; token: what its requests carry
 */
export async function startServer({ slots = 2, guests = [], args = [], binary = BINARY, token } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'wask-browser-'));
  const server = new Server(folder, binary, ['--slots', String(slots), ...args], token);
  await server.start();
  for (const guest of guests) await server.push(guest);
  return server;
}

export class Server {
  /** `http://127.0.0.1:PORT` */
  origin = '';
  #child = null;
  #log = '';

  constructor(folder, binary, args, token) {
    this.folder = folder;
    // Also when a test file ends before it stopped its server.
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    this.binary = binary;
    this.args = args;
    this.token = token;
  }

  /** Starts it; again on the port it had, so that open pages find it. */
  async start() {
    const listen = this.origin === '' ? '127.0.0.1:0' : new URL(this.origin).host;
    const args = ['serve', '--listen', listen, '--stop-with-stdin', '--data-dir', path.join(this.folder, 'data'), ...UI_DIR, ...this.args];
    const env = { ...process.env };
    delete env.WASK_SERVER;
    delete env.WASK_TOKEN;
    const child = spawn(this.binary, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (bytes) => (this.#log += bytes));
    const ended = once(child, 'exit');
    ended.catch(() => undefined);
    const said = await Promise.race([
      addressOf(child.stdout),
      ended.then(() => null),
      new Promise((_, reject) => child.once('error', reject)),
    ]);
    assert.ok(said !== null, `the server did not come up; its log:\n${this.#log}`);
    this.origin = said;
    await eventually('a ready server', async () => (await fetch(`${this.origin}/api/v1/health/ready`).catch(() => null))?.ok);
  }

  get pid() {
    return this.#child?.pid;
  }

  /** As a power cut ends it. */
  async kill() {
    const child = this.#child;
    assert.ok(child, 'it runs');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    this.#child = null;
  }

  /** Ends it and removes what it kept. */
  async stop() {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      const late = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
      child.stdin.end();
      await ended;
      clearTimeout(late);
    }
    this.#child = null;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Memory in use, bytes, of the server itself. */
  async memory() {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  }

  /** A request to the API; fails when it is refused. */
  async api(method, where, body, headers = {}) {
    const text = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const answer = await fetch(`${this.origin}/api/v1${where}`, {
      method, headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...(this.token ? { authorization: `Bearer ${this.token}` } : {}), ...headers }, ...(text === undefined ? {} : { body: text }),
    });
    const said = await answer.text();
    assert.ok(answer.ok, `${method} ${where}: ${answer.status} ${said}`);
    return said === '' ? null : /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(said) : said;
  }

  get(where) {
    return this.api('GET', where);
  }

  /** Uploads a module of `target/guests` under this name. */
  async push(guest, name = guest) {
    const wasm = await readFile(path.join(ROOT, `target/guests/${guest}.wasm`));
    return this.api('POST', `/modules?name=${encodeURIComponent(name)}`, wasm, { 'content-type': 'application/wasm' });
  }

  /** Submits a graph; its run's id. */
  async submit(graph) {
    return (await this.api('POST', '/runs', graph)).id;
  }

  /** The built-in demo graph; its run's id. */
  async demo() {
    return (await this.api('POST', '/demo')).id;
  }

  run(id) {
    return this.get(`/runs/${id}`);
  }

  /** Waits until a run is no longer running. */
  async ended(id) {
    return eventually(`the end of run ${id}`, async () => {
      const run = await this.run(id);
      return run.state === 'running' ? null : run;
    }, 60_000);
  }
}

/** The address in the line that says it. */
function addressOf(stdout) {
  return new Promise((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      if (line.startsWith(READY)) resolve(line.slice(READY.length).trim().replace(/\/$/, ''));
    });
  });
}

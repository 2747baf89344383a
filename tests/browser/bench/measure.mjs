// What measurements share: figures of a page from the browser's own protocol, quantiles, and rows of the table.

/** @typedef {{ what: string, value: string }} Row */

const minutes = Number(process.env.MINUTES ?? 1);
/** How long the live measurement looks. */
export const MINUTES = Number.isFinite(minutes) && minutes > 0 ? minutes : 1;
/** Tasks of the long run. */
export const TASKS = Number(process.env.TASKS ?? 1_000_000);

export const median = (values) => quantile(values, 0.5);

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

export const count = (value) => Math.round(value).toLocaleString('en').replaceAll(',', ' ');
export const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
export const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
export const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** A page whose costs are counted. */
export class Counted {
  static async of(page) {
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable', { timeDomain: 'timeTicks' });
    return new Counted(client);
  }

  constructor(client) {
    this.client = client;
  }

  async metrics() {
    const { metrics } = await this.client.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  /** Bytes of JavaScript that are still needed; the memory behind typed arrays is not among them. */
  async heap() {
    await this.client.send('HeapProfiler.collectGarbage');
    return (await this.metrics()).JSHeapUsedSize;
  }
}

/** Seconds of processor time of all that draws: the renderers and the process that puts their layers together. */
export async function drawingSeconds(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => /renderer|gpu/i.test(type)).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Submits runs one after the other, so that `wanted` of them are always there, until it is told to stop. */
export class Load {
  #going = true;

  constructor(server, tasks = 100_000) {
    this.done = this.#go(server, tasks);
  }

  async #go(server, tasks) {
    const runs = [];
    while (this.#going || runs.length > 0) {
      while (this.#going && runs.length < 2) runs.push(await server.submit(inc(tasks, 'load')));
      const id = runs.shift();
      if (!this.#going) await server.api('POST', `/runs/${id}/cancel`, {}).catch(() => undefined);
      await server.ended(id);
      await server.api('DELETE', `/runs/${id}`);
    }
  }

  async stop() {
    this.#going = false;
    await this.done;
  }
}

/** As many calls of `inc`, none of which is remembered. */
export const inc = (tasks, name) => ({
  name,
  tasks: { inc: { call: 'numbers/inc', map: { range: [0, tasks] }, args: [{ $item: 0 }], cache: false } },
});

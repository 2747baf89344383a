// Measures the dashboard in Chromium against a real server and prints a Markdown table. Names of measurements narrow it.

import { readFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { chromium } from 'playwright-core';
import { LAUNCH } from '../support/launch.mjs';
import { graph } from './graph.mjs';
import { history } from './history.mjs';
import { live } from './live.mjs';
import { size } from './size.mjs';
import { throughput } from './throughput.mjs';

const ALL = { history, live, throughput, graph, size };
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in ALL));
if (unknown.length > 0) {
  console.error(`there is no measurement ${unknown.join(', ')}; there are ${Object.keys(ALL).join(', ')}`);
  process.exit(2);
}

const browser = await chromium.launch(LAUNCH);
const model = /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
console.log(`${model}, ${availableParallelism()} cores, Linux ${release()}, Chromium ${browser.version()} without a GPU\n`);
console.log('| what | measured |\n|---|---|');
try {
  for (const [name, measure] of Object.entries(ALL)) {
    if (named.length > 0 && !named.includes(name)) continue;
    for (const { what, value } of await measure(browser)) console.log(`| ${what} | ${value} |`);
  }
} finally {
  await browser.close();
}

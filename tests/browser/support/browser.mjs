// The browser: one for all files when `run.mjs` started them, else one for this file. Each test gets a context of its own, and every page
// of it is watched: a dialog, an error on the console, a violated policy or a request to somewhere else fails the test.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';
import { ARTIFACTS, LAUNCH } from './launch.mjs';
import { DEADLINE_MS } from './wait.mjs';

const TEST_MS = 90_000;
let browser = null;

async function theBrowser() {
  const shared = process.env.WASK_BROWSER_WS;
  browser ??= shared ? chromium.connect(shared) : chromium.launch(LAUNCH);
  return browser;
}

after(async () => {
  if (browser) await (await browser).close();
});

/**
 * A test that walks through pages; its name is its goal.
 * @param {string} goal
 * @param {(page: import('playwright-core').Page, context: import('playwright-core').BrowserContext, watch: Watch) => Promise<void>} act
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export function browserTest(goal, act, options = {}) {
  test(goal, { timeout: TEST_MS }, async () => {
    const context = await (await theBrowser()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    const watch = new Watch(context);
    await watch.begin();
    const page = await context.newPage();
    try {
      await act(page, context, watch);
      await watch.verify();
    } catch (error) {
      await shot(page, `failed-${goal.replace(/[^a-z0-9]+/gi, '-').slice(0, 80)}`).catch(() => undefined);
      throw error;
    } finally {
      await context.close();
    }
  });
}

/** What Chromium says when a page is left before its socket was open. */
const LEFT_EARLY = /WebSocket is closed before the connection is established/;

/** What no page may do. */
class Watch {
  /** @type {string[]} */
  faults = [];
  /** Console lines and requests that the test itself causes, such as by a server that is away. */
  expected = [LEFT_EARLY];
  /** Every request of the pages. */
  requests = [];

  constructor(context) {
    this.context = context;
  }

  async begin() {
    const { context } = this;
    const tell = (fault) => void this.faults.push(fault);
    await context.exposeBinding('waskTellViolation', (_, said) => tell(`policy: ${said}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.waskTellViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    context.on('dialog', (dialog) => {
      tell(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on('weberror', (error) => tell(`thrown: ${error.error().stack ?? error.error()}`));
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') tell(`console: ${message.text()} ${message.location().url}`);
    });
    context.on('request', (request) => {
      const url = request.url();
      this.requests.push(url);
      if (!/^(http|ws):\/\/127\.0\.0\.1:|^(data|blob|about|file):/.test(url)) tell(`request: ${url}`);
    });
  }

  /** From now on lines like this are part of the test. */
  expect(pattern) {
    this.expected.push(pattern);
  }

  async verify() {
    // What was said last may still be on its way here.
    for (const page of this.context.pages()) await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    const faults = this.faults.filter((fault) => !this.expected.some((pattern) => pattern.test(fault)));
    assert.deepEqual(faults, [], 'dialogs, errors, violations or requests elsewhere');
  }
}

/** A picture of the page for whoever looks at the artifacts. */
export async function shot(page, name, options = {}) {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`), animations: 'disabled', ...options });
}

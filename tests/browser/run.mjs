// Starts one browser, then all tests (or those named) with Node's own runner. Two files at a time: pages mostly wait.

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { ARTIFACTS, LAUNCH } from './support/launch.mjs';

const here = import.meta.dirname;
const named = process.argv.slice(2);
const files = named.length > 0 ? named : readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort();
rmSync(ARTIFACTS, { recursive: true, force: true });
mkdirSync(ARTIFACTS, { recursive: true });

const browser = await chromium.launchServer(LAUNCH);
const env = { ...process.env, WASK_BROWSER_WS: browser.wsEndpoint() };
const runner = spawn(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files.map((name) => path.resolve(here, name))], { env, stdio: 'inherit' });
const code = await new Promise((done) => runner.on('exit', (status) => done(status ?? 1)));
await browser.close();
process.exitCode = code;

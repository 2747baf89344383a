// Goal: the page of the API lists every operation and sends real requests.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['numbers'] });
after(() => server.stop());

browserTest('every operation of the document is on the page', async (page) => {
  const { paths } = await (await fetch(`${server.origin}/openapi.json`)).json();
  const count = Object.values(paths).flatMap((one) => Object.keys(one).filter((method) => /^(get|put|post|delete|patch|head)$/.test(method))).length;
  await page.goto(`${server.origin}/api`);
  await page.getByText(`${count} operations`).waitFor();
  assert.equal(await page.locator('.operation').count(), count);
  await page.getByRole('searchbox', { name: 'Operation' }).fill('cancel');
  await page.getByRole('button', { name: /\/runs\/\{id\}\/cancel/ }).waitFor();
  await page.getByText(/^version .*, \d operations/).waitFor();
  assert.ok(await page.locator('.operation').count() < 10);
});

browserTest('a graph is submitted by "Try it", and an unknown run is answered as the server puts it', async (page, _, watch) => {
  await page.goto(`${server.origin}/api`);
  await page.getByRole('button', { name: /^POST \/runs Submit a graph/ }).click();
  const form = page.locator('form.try');
  await form.getByRole('textbox').last().fill('{"name": "by hand", "tasks": {"a": {"call": "numbers/add", "args": [1, 2]}}}');
  await form.getByRole('button', { name: 'Send' }).click();
  await form.getByText(/^202/).waitFor();
  await shot(page, 'api');
  assert.ok((await server.get('/runs')).items.some((run) => run.name === 'by hand'));
  await page.getByRole('button', { name: /^POST \/runs Submit a graph/ }).click();
  await page.getByRole('button', { name: /^GET \/runs\/\{id\} Everything about a run/ }).click();
  watch.expect(/console: .*404/);
  assert.equal(await form.getByRole('button', { name: 'Send' }).isDisabled(), true, 'an id is missing');
  await form.getByRole('textbox').first().fill('0000000000000000');
  await form.getByRole('button', { name: 'Send' }).click();
  await form.getByText(/^404/).waitFor();
  await form.getByText('unknown_run').waitFor();
});

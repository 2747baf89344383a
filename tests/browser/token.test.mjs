// Goal: a server with a token asks for it, says when it is another one, and goes on with the right one; the token stays in this tab.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { untilDash } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const TOKEN = 'one-two-three-four-five';
const server = await startServer({ args: ['--token', TOKEN], token: TOKEN });
after(() => server.stop());
const id = await server.demo();
await server.ended(id);

browserTest('the token is asked for, a wrong one is told, the right one goes on', async (page, context, watch) => {
  watch.expect(/console: .*(401|WebSocket)/);
  await page.goto(server.origin);
  const dialog = page.getByRole('dialog', { name: 'This server asks for its token' });
  await dialog.getByLabel('Token').fill('another');
  assert.equal(await dialog.getByText('not the token').count(), 0, 'nothing was wrong yet');
  await dialog.getByRole('button', { name: 'Use it' }).click();
  await dialog.getByText('not the token').waitFor();
  await shot(page, 'token-wrong');
  await dialog.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await untilDash(page, 'the stream', (it) => it.spans > 0);
  assert.equal(await dialog.count(), 0);
  await page.reload();
  await untilDash(page, 'the stream, without being asked again', (it) => it.spans > 0);
  assert.ok(watch.requests.every((url) => !url.includes(TOKEN)), 'it is in no address');
  const other = await context.newPage();
  await other.goto(server.origin);
  await other.getByRole('dialog', { name: 'This server asks for its token' }).waitFor();
});

browserTest('a link with the token opens without a question, and does not keep it', async (page) => {
  await page.goto(`${server.origin}/#token=${TOKEN}`);
  await untilDash(page, 'the stream', (it) => it.spans > 0);
  assert.ok(!page.url().includes(TOKEN));
});

// Goal: a module is uploaded, called by a form that knows its types, and its result is seen; wrong input is told at its field.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { untilState } from './support/page.mjs';
import { ROOT, startServer } from './support/server.mjs';

const server = await startServer({ guests: ['lab'] });
after(() => server.stop());

browserTest('a module is uploaded by the page, called by its form, and the result is shown', async (page) => {
  await page.goto(`${server.origin}/modules`);
  await page.getByRole('link', { name: 'lab' }).waitFor();
  await page.locator('input[type=file]').setInputFiles(path.join(ROOT, 'target/guests/numbers.wasm'));
  await page.getByRole('link', { name: 'numbers', exact: true }).click();
  await page.getByRole('heading', { name: 'numbers' }).waitFor();
  await shot(page, 'module');
  await page.locator('.function', { hasText: 'add(' }).getByRole('button', { name: 'Call it' }).click();
  assert.equal(new URL(page.url()).searchParams.get('fn'), 'add');
  await page.getByLabel(/^x/).fill('20');
  await page.getByLabel(/^y/).fill('22');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await untilState(page, 'succeeded');
  const drawer = page.getByRole('dialog', { name: 'Task result' });
  await drawer.getByText('42', { exact: true }).waitFor();
  await shot(page, 'task-result');
});

browserTest('wrong numbers are told at their field, and nothing is submitted', async (page) => {
  await server.push('numbers');
  const before = (await server.get('/runs')).total;
  await page.goto(`${server.origin}/modules/numbers?fn=add`);
  const x = page.getByLabel(/^x/);
  const told = async (field) => page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`).innerText();
  for (const wrong of ['twelve', '1.5', '', '9223372036854775808']) {
    await x.fill(wrong);
    await page.getByLabel(/^y/).fill('1');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('[aria-invalid=true]').waitFor();
    assert.equal(await x.getAttribute('aria-invalid'), 'true', `${wrong} is not an i64`);
    assert.notEqual((await told(x)).trim(), '');
    if (wrong === 'twelve') await shot(page, 'form-wrong');
  }
  assert.equal((await server.get('/runs')).total, before);
  assert.equal(new URL(page.url()).pathname, '/modules/numbers');
});

browserTest('64-bit numbers keep their digits from the form to the result', async (page) => {
  await server.push('numbers');
  await page.goto(`${server.origin}/modules/numbers?fn=inc`);
  await page.getByLabel(/^x/).fill('9223372036854775806');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('dialog', { name: 'Task result' }).getByText('9223372036854775807').waitFor();
});

browserTest('a list is filled by pasting many values, and a map by names', async (page) => {
  await server.push('numbers');
  await page.goto(`${server.origin}/modules/numbers?fn=sum`);
  await page.getByRole('button', { name: /^Add many/ }).click();
  await page.getByLabel(/^Many values/).fill('1, 2, 3\n4');
  await page.getByRole('button', { name: 'Add', exact: true }).last().click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('dialog', { name: 'Task result' }).getByText('10', { exact: true }).waitFor();
  await page.goto(`${server.origin}/modules/lab?fn=same_map`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByPlaceholder('name').fill('left');
  await page.getByLabel(/^value/).fill('right');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('dialog', { name: 'Task result' }).getByText('"left": "right"').waitFor();
});

browserTest('what runs of a function took is on the page of its module', async (page) => {
  await server.push('numbers');
  await server.ended(await server.submit({ name: 'times', tasks: { dec: { call: 'numbers/dec', map: { range: [0, 50] }, args: [{ $item: 0 }], cache: false } } }));
  await page.goto(`${server.origin}/modules/numbers?fn=dec`);
  const card = page.locator('.function', { hasText: 'dec(' });
  await card.getByText('p95').first().waitFor();
  assert.match(await card.innerText(), /Calls\s*50/);
});

browserTest('a module is deleted on its page after a question, and one that a run needs is kept', async (page, _, watch) => {
  watch.expect(/console: .*409/);
  await server.push('numbers', 'gone');
  await server.push('hostile', 'needed');
  const id = await server.submit({ name: 'needs it', tasks: { spin: { call: 'needed/spin', args: [], timeout: '10m', cache: false } } });
  const remove = async (name, act) => {
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: 'Delete this module?' }).getByRole('button', { name: act }).click();
  };
  await page.goto(`${server.origin}/modules`);
  await page.getByRole('link', { name: 'needed', exact: true }).click();
  await remove('needed', 'Delete the module');
  await page.locator('.toast.bad').waitFor();
  assert.ok((await server.get('/modules')).items.some((one) => one.names.includes('needed')));
  await server.api('POST', `/runs/${id}/cancel`, {});
  await server.ended(id);
  await page.getByRole('link', { name: 'Modules' }).click();
  await page.getByRole('link', { name: 'gone', exact: true }).click();
  await remove('gone', 'Keep it');
  await remove('gone', 'Delete the module');
  await page.getByText('was deleted').waitFor();
  await page.getByRole('region', { name: 'Modules' }).waitFor();
  await page.getByRole('link', { name: 'gone', exact: true }).waitFor({ state: 'detached' });
  assert.ok(!(await server.get('/modules')).items.some((one) => one.names.includes('gone')));
});

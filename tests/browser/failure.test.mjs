// Goal: who opens the dashboard because something failed finds what, why and where at once, and mends it there.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { browserTest, shot } from './support/browser.mjs';
import { endless } from './support/graphs.mjs';
import { untilDash, untilState } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer({ guests: ['numbers', 'hostile', 'lab'] });
after(() => server.stop());

browserTest('a failure is found from the Overview in three clicks, and retried to success', async (page) => {
  const id = await server.demo();
  await server.ended(id);
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  await page.goto(server.origin);
  await click(page.getByRole('link', { name: /^demo ?, failed/ }));
  await click(page.getByRole('tab', { name: /^Failures/ }));
  await page.getByRole('heading', { name: 'page 4 is not there yet; try again' }).waitFor();
  await shot(page, 'run-failures');
  await click(page.getByRole('button', { name: 'pages[4]' }));
  assert.ok(clicks <= 3);
  const drawer = page.getByRole('dialog', { name: 'Task pages[4]' });
  await drawer.getByText('the function returned an error').waitFor();
  await drawer.getByText('page 4, attempt 1').waitFor();
  await shot(page, 'task-failed');
  await drawer.getByRole('button', { name: 'Retry' }).click();
  await drawer.getByText('succeeded').first().waitFor();
  await untilState(page, 'succeeded');
  await page.getByText('Nothing failed').waitFor();
  assert.deepEqual((await server.run(id)).counts.succeeded, 410);
});

browserTest('a group of failures is retried from its card, and its tasks are listed', async (page) => {
  const id = await server.submit({ name: 'flaky', tasks: { fail: { call: 'lab/fail_multiples', map: { range: [1, 13] }, args: [{ $item: 0 }, 3], cache: false } } });
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}?tab=failures`);
  await page.getByText('4 tasks failed, in 1 group').waitFor();
  await page.getByRole('button', { name: 'Show tasks' }).click();
  await page.getByText('4 of 12 tasks').waitFor();
  assert.equal(await page.getByRole('region', { name: 'Tasks of the run' }).getByRole('row').count(), 5, 'a head and four rows');
  await page.goBack();
  await page.getByRole('button', { name: 'Retry these' }).click();
  await page.getByText('4 tasks again').waitFor();
  await server.ended(id);
  assert.equal((await server.get(`/runs/${id}/tasks/${encodeURIComponent('fail[2]')}`)).attempts.length, 2, 'it was tried again');
});

browserTest('a retry of a group is one of all its tasks, also of those beyond the first hundred', async (page) => {
  const id = await server.submit({ name: 'many', tasks: {
    zero: { call: 'numbers/checked_div', map: { range: [0, 230] }, args: [{ $item: 0 }, 0], cache: false },
    fail: { call: 'lab/fail_multiples', map: { range: [1, 4] }, args: [{ $item: 0 }, 3], cache: false },
  } });
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}?tab=failures`);
  await page.getByRole('button', { name: 'Retry these 230' }).click();
  await page.getByText('230 tasks again').waitFor();
  await server.ended(id);
  const attempts = async (key) => (await server.get(`/runs/${id}/tasks/${encodeURIComponent(key)}`)).attempts.length;
  assert.deepEqual([await attempts('zero[0]'), await attempts('zero[229]'), await attempts('fail[2]')], [2, 2, 1]);
});

browserTest('failures are marks on the timeline that one key walks along', async (page) => {
  const id = await server.submit({ name: 'marks', tasks: { fail: { call: 'lab/fail_multiples', map: { range: [1, 61] }, args: [{ $item: 0 }, 20], cache: false } } });
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'marks', (it) => it.spans === 60 && it.failures >= 3);
  await page.getByRole('application', { name: 'Timeline of the run' }).focus();
  const seen = new Set();
  for (let step = 0; step < 3; step++) {
    await page.keyboard.press('e');
    await untilDash(page, 'another failure', (it) => it.selected >= 0 && !seen.has(it.selected));
    seen.add((await untilDash(page, 'a selection', (it) => it.selected >= 0)).selected);
  }
  await page.getByRole('dialog', { name: /^Task fail/ }).getByText('is a multiple of 20').first().waitFor();
});

browserTest('a run is cancelled with a reason, its tasks stop at once, and it is deleted', async (page) => {
  const id = await server.submit(endless(3));
  await page.goto(`${server.origin}/runs/${id}`);
  await page.getByRole('button', { name: '2 running' }).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  const question = page.getByRole('dialog', { name: 'Cancel this run?' });
  await question.getByLabel(/^Reason/).fill('it never ends');
  await shot(page, 'cancel-question');
  await question.getByRole('button', { name: 'Cancel the run' }).click();
  await untilState(page, 'cancelled');
  await page.getByRole('button', { name: '3 cancelled' }).click();
  await page.getByRole('button', { name: 'spin[0]' }).click();
  await page.getByRole('dialog', { name: 'Task spin[0]' }).getByText('it never ends').first().waitFor();
  assert.equal((await server.get('/workers')).items[0].running, 0, 'slots are free again');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: /^Delete the run/ }).click();
  await page.getByRole('dialog', { name: 'Delete this run?' }).getByRole('button', { name: 'Delete the run' }).click();
  await page.getByText('The run was deleted').waitFor();
  assert.equal(new URL(page.url()).pathname, '/runs');
  assert.equal((await server.get('/runs')).items.some((run) => run.id === id), false);
});

browserTest('one task of a run is cancelled alone', async (page) => {
  const id = await server.submit(endless(2, 'pair'));
  await page.goto(`${server.origin}/runs/${id}?key=${encodeURIComponent('spin[1]')}`);
  const drawer = page.getByRole('dialog', { name: 'Task spin[1]' });
  await drawer.getByText('running').first().waitFor();
  await drawer.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog', { name: 'Cancel this task?' }).getByRole('button', { name: 'Cancel the task' }).click();
  await drawer.getByText('cancelled').first().waitFor();
  assert.equal((await server.run(id)).counts.running, 1, 'the other goes on');
  await server.api('POST', `/runs/${id}/cancel`, {});
});

browserTest('a run that is deleted while it is looked at says so, and so does its address later', async (page, _, watch) => {
  const id = await server.submit({ name: 'short', tasks: { a: { call: 'numbers/inc', args: [1] } } });
  await server.ended(id);
  await page.goto(`${server.origin}/runs/${id}`);
  await untilDash(page, 'its span', (it) => it.spans === 1);
  watch.expect(/console: .*404/);
  await server.api('DELETE', `/runs/${id}`);
  await page.getByText('This run was deleted').waitFor();
  await page.reload();
  await page.getByRole('alert').waitFor();
  await shot(page, 'run-unknown');
  assert.match(await page.getByRole('alert').innerText(), new RegExp(id));
});

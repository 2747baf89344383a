// The graph of a run of 100 000 tasks: how long until each of them is drawn.

import { dash } from '../support/page.mjs';
import { startServer } from '../support/server.mjs';
import { eventually } from '../support/wait.mjs';
import { count, ms } from './measure.mjs';

const TASKS = 99_999;

export async function graph(browser) {
  const server = await startServer({ guests: ['numbers'] });
  try {
    const id = await server.submit({
      name: 'wide',
      tasks: {
        inc: { call: 'numbers/inc', map: { range: [0, TASKS] }, args: [{ $item: 0 }], cache: false },
        sum: { call: 'numbers/sum', args: [{ $tasks: 'inc' }], cache: false },
      },
    });
    await eventually('the end of the wide run', async () => (await server.run(id)).state !== 'running', 300_000);
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
    const page = await context.newPage();
    let began = performance.now();
    await page.goto(`${server.origin}/runs/${id}?tab=graph`);
    await page.getByText('2 functions').waitFor();
    const functions = performance.now() - began;
    began = performance.now();
    await page.getByRole('button', { name: 'Every task' }).click();
    await eventually('all tasks', async () => {
      const it = await dash(page, 'graph');
      return it && it.visible > 0 ? it : null;
    }, 60_000);
    const tasks = performance.now() - began;
    await context.close();
    return [
      { what: `graph of ${count(TASKS + 1)} tasks: by function, after the address`, value: ms(functions) },
      { what: `graph of ${count(TASKS + 1)} tasks: every task, after the click`, value: ms(tasks) },
    ];
  } finally {
    await server.stop();
  }
}

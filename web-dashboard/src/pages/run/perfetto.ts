// Hands a run's trace to Perfetto's viewer in another tab, by messages between the two pages: the viewer is asked until it answers,
// then gets the bytes. Nothing is uploaded.

import { ask, path } from '../../api/client';
import type { Run } from '../../api/types';

const VIEWER = 'https://ui.perfetto.dev';
const PATIENCE_MS = 30_000;

export async function openInPerfetto(run: Run): Promise<void> {
  const tab = window.open(VIEWER, '_blank');
  if (!tab) throw new Error('The browser did not let the page open a tab; allow pop-ups, or download the trace.');
  let trace: ArrayBuffer;
  try {
    trace = await (await ask(`${path('/runs', run.id)}/trace`)).arrayBuffer();
  } catch (error) {
    tab.close();
    throw error;
  }
  await answered(tab);
  tab.postMessage({ perfetto: { buffer: trace, title: run.name ?? run.id, fileName: `run-${run.id}.json` } }, VIEWER);
}

function answered(tab: Window): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = setInterval(() => tab.postMessage('PING', VIEWER), 100);
    const late = setTimeout(() => end(() => reject(new Error('Perfetto did not answer; download the trace and open it there.'))), PATIENCE_MS);
    const heard = (event: MessageEvent) => {
      if (event.origin === VIEWER && event.data === 'PONG') end(resolve);
    };
    function end(then: () => void): void {
      clearInterval(asking);
      clearTimeout(late);
      removeEventListener('message', heard);
      then();
    }
    addEventListener('message', heard);
  });
}

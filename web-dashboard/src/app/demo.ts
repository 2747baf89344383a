// Begins the demo graph that the program carries, and shows its run.

import { ApiError, send } from '../api/client';
import type { Submitted } from '../api/types';
import { navigate, runPath } from './router';
import { tellError, toast } from './toasts';

export async function runDemo(): Promise<void> {
  try {
    const run = await send<Submitted>('POST', '/demo');
    navigate(runPath(run.id));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 405)) {
      toast({ text: 'This server was built without the demo graph.', tone: 'bad' });
    } else tellError(error);
  }
}

// An action that is asked about first, and told of afterwards.

import { confirm } from '../../app/confirm';
import { tellError, toast } from '../../app/toasts';

export async function sure(question: Parameters<typeof confirm>[0], act: () => Promise<unknown>, done: () => void): Promise<void> {
  if ((await confirm(question)) === null) return;
  try {
    await act();
    toast({ text: 'Done', tone: 'good' });
  } catch (error) {
    tellError(error);
  }
  done();
}

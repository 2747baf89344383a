// A button that does something after a question, and tells of it afterwards.

import { send } from '../../api/client';
import { confirm } from '../../app/confirm';
import { tellError, toast } from '../../app/toasts';
import { line } from '../../ui/text';

interface Properties {
  /** What is done, in one word, and in the question, when that says more; and to what, for who hears the button alone. */
  act: string;
  answer?: string;
  to: string;
  title: string;
  text: string;
  method: 'DELETE' | 'POST';
  where: string;
  body?: unknown;
  done: () => void;
}

export function Sure({ act, answer = act, to, title, text, method, where, body, done }: Properties) {
  const ask = async () => {
    if ((await confirm({ title, text, act: answer, danger: true })) === null) return;
    try {
      await send(method, where, body);
      toast({ text: 'Done', tone: 'good' });
    } catch (error) {
      tellError(error);
    }
    done();
  };
  return <button type="button" class="button small" onClick={() => void ask()}>{act}<span class="unseen"> {line(to)}</span></button>;
}

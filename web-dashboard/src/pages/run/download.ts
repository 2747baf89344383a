// Files of the server into the reader's downloads, with the token where there is one.

import { ask } from '../../api/client';
import { tellError, toast } from '../../app/toasts';

export async function download(where: string, name: string): Promise<void> {
  const slow = setTimeout(() => toast({ text: `Fetching ${name}…` }), 800);
  try {
    save(await (await ask(where, { accept: '*/*' })).blob(), name);
  } catch (error) {
    tellError(error);
  } finally {
    clearTimeout(slow);
  }
}

export function save(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

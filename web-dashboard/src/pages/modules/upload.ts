// Uploads modules: their bytes as they are, under the file's name without its ending.

import { ask } from '../../api/client';
import type { Module } from '../../api/types';
import { modulePath } from '../../app/router';
import { tellError, toast } from '../../app/toasts';

export async function uploadModules(files: Iterable<File>, done: () => void): Promise<void> {
  for (const file of files) {
    const name = file.name.replace(/\.wasm$/i, '').replace(/[/\u0000-\u001f]/g, '_');
    try {
      const answer = await ask('/modules', { method: 'POST', body: file, type: 'application/wasm', query: { name } });
      const module = (await answer.json()) as Module;
      const words = answer.status === 200 ? `${name} was there already` : `${name} uploaded`;
      toast({ text: `${words}: ${module.functions.length} functions.`, tone: 'good', link: { href: modulePath(module.name ?? module.id), text: 'Show' } });
    } catch (error) {
      tellError(error);
    }
  }
  done();
}

// A button that copies a text, and code blocks that have one.

import { useState } from '../state/hooks';
import { announce, toast } from '../app/toasts';
import { Icon } from './Icon';
import { plain } from './text';

export async function copyText(text: string, what = 'Copied'): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(what);
  } catch {
    toast({ text: 'This browser does not let the page copy; select the text instead.', tone: 'bad' });
  }
}

export function CopyButton({ text, label = 'Copy', word }: { text: string | (() => string); label?: string; word?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copyText(typeof text === 'string' ? text : text(), `${label}: copied`);
    setDone(true);
    setTimeout(() => setDone(false), 1200);
  };
  return (
    <button type="button" class={word ? 'button small' : 'icon-button'} aria-label={label} title={label} onClick={copy}>
      <Icon name={done ? 'check' : 'copy'} />
      {word}
    </button>
  );
}

/** A text as it is, with a button that copies it. */
export function Code({ text, label = 'Copy', wrap = false }: { text: string; label?: string; wrap?: boolean }) {
  return (
    <div class={`code ${wrap ? 'wrap' : ''}`}>
      <pre tabIndex={0}><code>{plain(text)}</code></pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}

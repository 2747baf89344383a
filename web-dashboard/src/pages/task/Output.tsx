// The result of a task: type, size, a preview of what can be previewed, and the bytes themselves.

import { useEffect, useState } from '../../state/hooks';
import { ask, isAbort, path, wordsOf } from '../../api/client';
import type { TaskDetail } from '../../api/types';
import { bytes } from '../../ui/format';
import { Code, CopyButton } from '../../ui/Copy';
import { Icon } from '../../ui/Icon';
import { prettyJson } from '../../ui/json';
import { line, plain } from '../../ui/text';
import { download } from '../run/download';

const TEXT_MAX_BYTES = 64 * 1024;
const IMAGE_MAX_BYTES = 4 * 1024 * 1024;

type Preview = { kind: 'text'; text: string; cut: boolean } | { kind: 'image'; url: string } | { kind: 'none'; why: string };

export function Output({ task }: { task: TaskDetail }) {
  const result = task.result;
  const where = `${path('/runs', task.run)}${path('/tasks', task.key)}/result`;
  const [preview, setPreview] = useState<Preview | null>(null);
  useEffect(() => {
    if (!result || result.released) return;
    const controller = new AbortController();
    setPreview(null);
    look(where, result.media_type, result.size, controller.signal).then(setPreview, (error: unknown) => {
      if (!isAbort(error)) setPreview({ kind: 'none', why: wordsOf(error) });
    });
    return () => controller.abort();
  }, [where, result?.object, result?.released]);
  if (!result) return null;
  const isValue = result.media_type === 'application/cbor';
  const name = `${task.key.replace(/[^\w.-]+/g, '_')}.${extension(result.media_type)}`;
  return (
    <section class="drawer-part">
      <h3>Output</h3>
      <p class="output-facts">
        <span>{isValue ? 'value' : line(result.media_type)}</span><span>{bytes(result.size)}{isValue ? ' stored' : ''}</span>
        {result.object && <span class="id"><code title={result.object}>{result.object.slice(0, 12)}…</code><CopyButton text={result.object} label="Copy the object's id" /></span>}
        {!result.released && <button type="button" class="button small" onClick={() => void download(where, name)}><Icon name="download" />Download</button>}
      </p>
      {result.released
        ? <p class="quiet">Nobody needs it any more, so its bytes are gone. With <code>keep</code> in the graph it would stay.</p>
        : <PreviewBox preview={preview} size={result.size} />}
    </section>
  );
}

function PreviewBox({ preview, size }: { preview: Preview | null; size: number }) {
  if (preview === null) return <p class="quiet">…</p>;
  switch (preview.kind) {
    case 'text': return <><Code text={preview.text} label="Copy the output" />{preview.cut && <p class="quiet">The first {bytes(TEXT_MAX_BYTES)}; download it for the whole.</p>}</>;
    case 'image': return <img class="preview" src={preview.url} alt={`The task's result, ${bytes(size)}`} />;
    case 'none': return <p class="quiet">{plain(preview.why)}</p>;
  }
}

async function look(where: string, type: string, size: number, signal: AbortSignal): Promise<Preview> {
  if (type.startsWith('image/') && type !== 'image/svg+xml') {
    if (size > IMAGE_MAX_BYTES) return { kind: 'none', why: `Images over ${bytes(IMAGE_MAX_BYTES)} are not shown here.` };
    const content = await (await ask(where, { accept: '*/*', signal })).blob();
    return { kind: 'image', url: await dataUrl(content) };
  }
  const isValue = type === 'application/cbor';
  const isText = isValue || type === 'application/json' || type.startsWith('text/') || type === 'image/svg+xml';
  if (isValue && size > 16 * TEXT_MAX_BYTES) return { kind: 'none', why: 'Too large for a preview.' };
  // Values are rendered as JSON by the server, which cannot cut them; anything else is asked for in part.
  if (!isText) return { kind: 'none', why: 'Bytes like these have no preview; download them.' };
  const headers = isValue || size <= TEXT_MAX_BYTES ? {} : { range: `bytes=0-${TEXT_MAX_BYTES - 1}` };
  const data = new Uint8Array(await (await ask(where, { accept: isValue ? 'application/json' : '*/*', headers, signal })).arrayBuffer());
  const cut = data.length > TEXT_MAX_BYTES || (size > TEXT_MAX_BYTES && !isValue);
  const text = new TextDecoder().decode(data.subarray(0, TEXT_MAX_BYTES));
  return { kind: 'text', text: isValue || type === 'application/json' ? prettyJson(text) : text, cut };
}

function dataUrl(content: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error('the image cannot be read'));
    reader.readAsDataURL(content);
  });
}

function extension(type: string): string {
  if (type === 'application/cbor') return 'json';
  return type === 'text/plain' ? 'txt' : (/\/(\w+)/.exec(type)?.[1] ?? 'bin');
}

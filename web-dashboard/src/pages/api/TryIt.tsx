// Sends a request of an operation and shows the answer as it came.

import { useState } from '../../state/hooks';
import { token } from '../../api/token';
import { bytes, duration } from '../../ui/format';
import { Code, CopyButton } from '../../ui/Copy';
import { Icon } from '../../ui/Icon';
import { prettyJson } from '../../ui/json';
import { plain } from '../../ui/text';
import { curl } from '../task/copyAs';
import { type Document, type Operation } from './openapi';

const SHOWN_BYTES = 64 * 1024;

interface Answer {
  status: string;
  good: boolean;
  type: string;
  us: number;
  size: number;
  text: string;
}

export function TryIt({ operation, document }: { operation: Operation; document: Document }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const isJson = operation.body?.types.includes('application/json') ?? false;
  const [body, setBody] = useState(isJson ? '{}' : '');
  const [file, setFile] = useState<File | null>(null);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);

  // A stream of events does not end by itself.
  const isStream = operation.answers.some((one) => one.types.includes('text/event-stream'));
  const address = addressOf(operation, document.base, values);
  const missing = operation.parameters.filter((one) => one.in === 'path' && !values[one.name]).map((one) => one.name);
  const headers = Object.fromEntries(operation.parameters.filter((one) => one.in === 'header' && values[one.name]).map((one) => [one.name, values[one.name] ?? '']));
  const type = operation.body ? (isJson ? 'application/json' : file?.type || 'application/octet-stream') : null;

  const send = async () => {
    setBusy(true);
    const began = performance.now();
    try {
      const head = new Headers({ accept: 'application/json, */*;q=0.5', ...headers });
      if (token.value) head.set('authorization', `Bearer ${token.value}`);
      const content = operation.body ? (isJson ? body : file) : null;
      if (content && type) head.set('content-type', type);
      const got = await fetch(address, { method: operation.method, headers: head, body: content || null });
      const kind = got.headers.get('content-type') ?? '';
      const data = new Uint8Array(await got.arrayBuffer());
      setAnswer({ status: `${got.status} ${got.statusText}`.trim(), good: got.ok, type: kind, us: (performance.now() - began) * 1000, size: data.length, text: shownAs(data, kind) });
    } catch (error) {
      setAnswer({ status: 'no answer', good: false, type: '', us: (performance.now() - began) * 1000, size: 0, text: error instanceof Error ? error.message : String(error) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="try" onSubmit={(event) => { event.preventDefault(); void send(); }}>
      <h3>Try it</h3>
      {operation.parameters.map((one) => (
        <label key={one.in + one.name} class="try-field">
          <span>{plain(one.name)}{one.required ? '' : <small> optional</small>}</span>
          <input type="text" value={values[one.name] ?? ''} onInput={(event) => { const text = event.currentTarget.value; setValues((before) => ({ ...before, [one.name]: text })); }} />
        </label>
      ))}
      {operation.body && (isJson
        ? <label class="try-field"><span>body</span><textarea class="mono" rows={6} spellcheck={false} value={body} onInput={(event) => setBody(event.currentTarget.value)} /></label>
        : <label class="try-field"><span>body</span><input type="file" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} /></label>)}
      <div class="actions">
        <button type="submit" class="button primary" disabled={busy || isStream || missing.length > 0}><Icon name="play" />Send</button>
        <CopyButton text={() => curl(operation.method, location.origin + address, { ...headers, ...(type ? { 'content-type': type } : {}) }, isJson ? body : null)} label="Copy as curl" word="curl" />
        {isStream && <span class="quiet">a stream of events: try it with curl</span>}
        {missing.length > 0 && <span class="quiet">{plain(missing.join(', '))} is missing</span>}
      </div>
      {answer && (
        <div class="try-answer" role="status">
          <p><b class={answer.good ? 'good' : 'bad'}>{plain(answer.status)}</b> <span class="quiet">{plain(answer.type)} · {bytes(answer.size)} · {duration(answer.us)}</span></p>
          {answer.text && <Code text={answer.text} label="Copy the answer" />}
        </div>
      )}
    </form>
  );
}

function addressOf(operation: Operation, base: string, values: Record<string, string>): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (whole, name: string) => (values[name] ? encodeURIComponent(values[name]) : whole));
  const query = new URLSearchParams(operation.parameters.filter((one) => one.in === 'query' && values[one.name]).map((one) => [one.name, values[one.name] ?? '']));
  return base + path + (query.size > 0 ? `?${query}` : '');
}

function shownAs(data: Uint8Array, type: string): string {
  if (data.length === 0) return '';
  if (!/json|text|xml|yaml|svg/.test(type)) return '';
  const text = new TextDecoder().decode(data.subarray(0, SHOWN_BYTES));
  const pretty = /json/.test(type) && data.length <= SHOWN_BYTES ? prettyJson(text) : text;
  return data.length > SHOWN_BYTES ? `${pretty}\n… and ${bytes(data.length - SHOWN_BYTES)} more` : pretty;
}

// A failure: whose fault, what happened, the cause behind it, and the guest's frames with the noise of the runtime folded away.

import type { Failure } from '../../api/types';
import { CopyButton } from '../../ui/Copy';
import { plain } from '../../ui/text';

const KINDS: Record<string, string> = {
  app: 'the function returned an error',
  trap: 'the function trapped',
  timeout: 'it took longer than it may',
  memory: 'it wanted more memory than it may have',
  output: 'its result was larger than it may be',
  'worker-lost': 'its worker went away',
  invalid: 'the call did not fit the function',
};

/** Frames of the standard library and of the glue around the function say nothing of the fault. */
const NOISE = /^(<?(std|core|alloc|__rustc|wask::(entry|guest|_))\b|__rust|rust_|wask:task\/)|::_::run$/;

export function FailureBox({ failure }: { failure: Failure }) {
  const trace = failure.trace ?? [];
  const own = trace.filter((frame) => !NOISE.test(frame));
  const text = [`${failure.kind}: ${failure.message}`, ...(failure.cause ? [`caused by: ${failure.cause}`] : []), ...trace.map((frame) => `  at ${frame}`)].join('\n');
  return (
    <div class="failure">
      <div class="failure-head">
        <b>{plain(failure.kind)}</b><span class="quiet">{KINDS[failure.kind] ?? ''}</span>
        <CopyButton text={text} label="Copy the failure" />
      </div>
      <pre class="message" tabIndex={0}>{plain(failure.message)}</pre>
      {failure.cause && <p>caused by: {plain(failure.cause)}</p>}
      {own.length > 0 && <ol class="trace" aria-label="Guest backtrace, innermost first">{own.map((frame, index) => <li key={index}><code>{plain(frame)}</code></li>)}</ol>}
      {trace.length > own.length && (
        <details>
          <summary>All {trace.length} frames</summary>
          <ol class="trace">{trace.map((frame, index) => <li key={index}><code>{plain(frame)}</code></li>)}</ol>
        </details>
      )}
    </div>
  );
}

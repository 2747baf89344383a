// Below the timeline: the functions of a run, which filter it by a click, and its outputs.

import type { RunDetail } from '../../api/types';
import { selection } from '../../state/selection';
import { openTask } from '../../state/task';
import { count } from '../../ui/format';
import { Section } from '../../ui/Notice';
import { line } from '../../ui/text';
import { FunctionProgress } from '../overview/FunctionProgress';

export function Summary({ run }: { run: RunDetail }) {
  const picked = selection.function.value;
  const outputs = Object.entries(run.outputs);
  return (
    <div class="columns">
      <Section
        title="Functions"
        actions={picked !== null && <button type="button" class="button small" onClick={() => (selection.function.value = null)}>Show all</button>}
      >
        <FunctionProgress functions={run.functions} picked={picked} onPick={(call) => (selection.function.value = picked === call ? null : call)} />
      </Section>
      <Section title="Outputs">
        {outputs.length === 0 ? <p class="quiet">{run.state === 'running' ? 'None yet.' : 'None.'}</p> : (
          <ul class="outputs">
            {outputs.slice(0, 50).map(([key, value]) => (
              <li key={key}>
                <button type="button" class="link" onClick={() => openTask(key)}>{line(key, 60)}</button>
                <code>{line(JSON.stringify(value) ?? '', 160)}</code>
              </li>
            ))}
            {outputs.length > 50 && <li class="quiet">and {count(outputs.length - 50)} more</li>}
          </ul>
        )}
      </Section>
    </div>
  );
}

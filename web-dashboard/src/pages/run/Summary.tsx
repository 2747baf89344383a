// Below the timeline: the functions of a run, which filter it by a click, and its outputs.

import type { RunDetail } from '../../api/types';
import { setQuery } from '../../app/router';
import type { RunFeed } from '../../data/feed';
import { selection } from '../../state/selection';
import { openTask } from '../../state/task';
import { count } from '../../ui/format';
import { huesOf } from '../../ui/Hue';
import { Section } from '../../ui/Notice';
import { line } from '../../ui/text';
import { FunctionProgress } from '../overview/FunctionProgress';

const OUTPUTS_SHOWN = 12;

export function Summary({ run, feed }: { run: RunDetail; feed: RunFeed | null }) {
  const picked = selection.function.value;
  const outputs = Object.entries(run.outputs);
  return (
    <div class="columns">
      <Section
        title="Functions"
        actions={picked !== null && <button type="button" class="button small" onClick={() => (selection.function.value = null)}>Show all</button>}
      >
        <FunctionProgress functions={run.functions} hues={huesOf(feed)} picked={picked} onPick={(call) => (selection.function.value = picked === call ? null : call)} />
      </Section>
      <Section title="Outputs">
        {outputs.length === 0 ? <p class="quiet">{run.state === 'running' ? 'None yet.' : 'None.'}</p> : (
          <ul class="outputs">
            {outputs.slice(0, OUTPUTS_SHOWN).map(([key, value]) => (
              <li key={key}>
                <button type="button" class="link" onClick={() => openTask(key)}>{line(key, 60)}</button>
                <code>{line(JSON.stringify(value) ?? '', 160)}</code>
              </li>
            ))}
            {outputs.length > OUTPUTS_SHOWN && <li><button type="button" class="link" onClick={() => setQuery({ tab: 'tasks', state: 'succeeded' }, { push: true })}>and {count(outputs.length - OUTPUTS_SHOWN)} more</button></li>}
          </ul>
        )}
      </Section>
    </div>
  );
}

// What an empty server shows: the shortest way to a first run.

import { useState } from '../../state/hooks';
import { runDemo } from '../../app/demo';
import { Icon } from '../../ui/Icon';
import { Code } from '../../ui/Copy';

const STEPS = [
  ['Upload a module that wask build made', 'push geometry.wasm'], ['Call one of its functions', 'run geometry/area 3 4.5'],
  ['Submit a graph and follow it', 'submit graph.json --follow'],
];

export function FirstSteps() {
  const [busy, setBusy] = useState(false);
  const demo = () => {
    setBusy(true);
    void runDemo().finally(() => setBusy(false));
  };
  return (
    <section class="card first-steps">
      <div>
        <h2>Nothing has run here yet</h2>
        <p>A small graph of every kind of task, with a failure that a retry mends.</p>
        <button type="button" class="button primary large" disabled={busy} onClick={demo}><Icon name="play" />Run demo graph</button>
      </div>
      <div>
        <h3>Or with tasks of your own</h3>
        <ol>
          {STEPS.map(([what, command]) => <li key={what}><span>{what}</span><Code text={`wask ${command}`} /></li>)}
        </ol>
      </div>
    </section>
  );
}

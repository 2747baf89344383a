// What an empty server shows: the shortest way to a first run.

import { useState } from '../../state/hooks';
import { runDemo } from '../../app/demo';
import { Icon } from '../../ui/Icon';
import { Code } from '../../ui/Copy';

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
        <p>See how it looks with a small graph of every kind of task: a map, a reduction, a failure that a retry mends.</p>
        <button type="button" class="button primary large" disabled={busy} onClick={demo}><Icon name="play" />Run demo graph</button>
      </div>
      <div>
        <h3>Or with tasks of your own</h3>
        <ol>
          <li><span>Upload a module that <code>wask build</code> made</span><Code text="wask push geometry.wasm" /></li>
          <li><span>Call one of its functions</span><Code text="wask run geometry/area 3 4.5" /></li>
          <li><span>Submit a graph and follow it</span><Code text="wask submit graph.json --follow" /></li>
        </ol>
      </div>
    </section>
  );
}

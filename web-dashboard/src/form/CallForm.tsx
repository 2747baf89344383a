// A form for one call of a function: submits a run of one task and shows it.

import { useState } from '../state/hooks';
import { ask } from '../api/client';
import type { ModuleFunction, Submitted } from '../api/types';
import { navigate, runPath } from '../app/router';
import { tellError } from '../app/toasts';
import { curl } from '../pages/task/copyAs';
import { CopyButton } from '../ui/Copy';
import { Icon } from '../ui/Icon';
import { ArgumentFields } from './ArgumentFields';
import { useArguments } from './useArguments';

export function CallForm({ module, of }: { module: string; of: ModuleFunction }) {
  const given = useArguments(of);
  const [busy, setBusy] = useState(false);
  const [profile, setProfile] = useState(false);
  const call = `${module}/${of.name}`;

  const submit = async () => {
    const args = given.build();
    if (args === null) return;
    setBusy(true);
    try {
      const body = `{"name":${JSON.stringify(call)},"profile":${profile},"tasks":{"result":{"call":${JSON.stringify(call)},"args":${args}}}}`;
      const run = (await (await ask('/runs', { method: 'POST', body, type: 'application/json' })).json()) as Submitted;
      navigate(`${runPath(run.id)}?key=result`);
    } catch (error) {
      // The server points into the graph; what it says of an argument belongs to its field.
      if (!given.blame(error, '/tasks/result/args')) tellError(error);
    } finally {
      setBusy(false);
    }
  };

  const command = () => curl(
    'POST', `${location.origin}/api/v1/call/${encodeURIComponent(module)}/${encodeURIComponent(of.name)}`,
    { 'content-type': 'application/json' }, given.build() ?? '[]',
  );

  return (
    <form class="call-form" onSubmit={(event) => { event.preventDefault(); void submit(); }} noValidate>
      <ArgumentFields of={given} />
      <div class="actions">
        <button type="submit" class="button primary" disabled={busy}><Icon name="play" />Run</button>
        <CopyButton text={command} label="Copy as curl" word="curl" />
        <label class="check"><input type="checkbox" checked={profile} onChange={(event) => setProfile(event.currentTarget.checked)} /> Profile it</label>
      </div>
    </form>
  );
}

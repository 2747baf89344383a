// A form that makes an actor of a class.

import { useState } from '../../state/hooks';
import { ask } from '../../api/client';
import type { ModuleFunction } from '../../api/types';
import { navigate } from '../../app/router';
import { tellError, toast } from '../../app/toasts';
import { ArgumentFields } from '../../form/ArgumentFields';
import { useArguments } from '../../form/useArguments';
import { Icon } from '../../ui/Icon';

export function ActorForm({ module, maker }: { module: string; maker: ModuleFunction }) {
  const given = useArguments(maker);
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    const args = given.build();
    if (args === null) return;
    setBusy(true);
    try {
      const called = name.trim() ? `,"name":${JSON.stringify(name.trim())}` : '';
      const body = `{"call":${JSON.stringify(`${module}/${maker.name}`)},"args":${args}${called}}`;
      await ask('/actors', { method: 'POST', body, type: 'application/json' });
      toast({ text: 'The actor was made', tone: 'good' });
      navigate('/sync?tab=actors');
    } catch (error) {
      if (!given.blame(error, '/args')) tellError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="call-form" onSubmit={(event) => { event.preventDefault(); void submit(); }} noValidate>
      <ArgumentFields of={given} />
      <label class="form-field"><span><span class="field-name">name</span> <small>for people, may be left out</small></span><input type="text" value={name} onInput={(event) => setName(event.currentTarget.value)} /></label>
      <div class="actions"><button type="submit" class="button primary" disabled={busy}><Icon name="plus" />Make</button></div>
    </form>
  );
}

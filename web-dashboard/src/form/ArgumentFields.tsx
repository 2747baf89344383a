// The fields of a call's arguments, each of which may be written as JSON instead.

import { plain, line } from '../ui/text';
import { FormField } from './Fields';
import type { Arguments } from './useArguments';

export function ArgumentFields({ of }: { of: Arguments }) {
  if (of.list.length === 0) return <p class="quiet">It takes no arguments.</p>;
  return (
    <>
      {of.list.map((one) => (
        <div key={one.name} class="parameter">
          {one.raw === null ? (
            <FormField label={one.name} shape={one.shape} draft={one.draft} pointer={one.pointer} errors={of.errors} onChange={one.onDraft} />
          ) : (
            <label class="form-field">
              <span><span class="field-name">{line(one.name, 80)}</span> <small>JSON</small></span>
              <textarea class="mono" rows={4} spellcheck={false} value={one.raw} aria-invalid={one.error !== undefined} onInput={(event) => one.onRaw(event.currentTarget.value)} />
              {one.error && <span class="field-error">{plain(one.error.message)}</span>}
            </label>
          )}
          {one.shape.kind !== 'json' && <button type="button" class="link small" onClick={one.toggle}>{one.raw === null ? 'as JSON' : 'as fields'}</button>}
        </div>
      ))}
      {of.errors.length > 0 && <p class="field-error" role="alert">{of.errors.length === 1 ? 'One field is not right yet.' : `${of.errors.length} fields are not right yet.`}</p>}
    </>
  );
}

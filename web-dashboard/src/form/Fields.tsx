// The fields of a form, drawn from a shape. Every field has a label, its documentation, and the message of what is wrong with it.

import { useId, useState } from '../state/hooks';
import { ask, wordsOf } from '../api/client';
import type { StoredObject } from '../api/types';
import { bytes } from '../ui/format';
import { Icon } from '../ui/Icon';
import { line, plain } from '../ui/text';
import { Words } from '../ui/Words';
import { blank, type Draft, type FieldError, given } from './draft';
import type { Shape } from './shape';

interface Properties {
  label: string;
  shape: Shape;
  draft: Draft;
  pointer: string;
  required?: boolean;
  errors: FieldError[];
  onChange: (draft: Draft) => void;
}

export function FormField({ label, shape, draft, pointer, required = true, errors, onChange }: Properties) {
  const id = useId();
  const error = errors.find((one) => one.pointer === pointer);
  const optional = shape.nullable || !required;
  const isGroup = ['array', 'tuple', 'object', 'map', 'union'].includes(shape.kind);
  const head = (
    <>
      {optional && (
        <input
          type="checkbox" aria-label={`${label}: give a value`} checked={draft.given}
          onChange={(event) => onChange(event.currentTarget.checked ? given(shape) : { ...blank(shape, required), given: false })}
        />
      )}
      <span class="field-name">{line(label, 80)}</span>
      <small>{plain(typeWord(shape))}{optional ? (shape.nullable ? ' or null' : ', may be left out') : ''}</small>
    </>
  );
  const about = { ...(error ? { 'aria-invalid': true as const, 'aria-describedby': `${id}-error` } : {}), id };
  const body = draft.given && <Control about={about} label={label} shape={shape} draft={draft} pointer={pointer} errors={errors} onChange={onChange} />;
  const notes = (
    <>
      {shape.doc && <p class="field-doc"><Words text={shape.doc} /></p>}
      {error && <p class="field-error" id={`${id}-error`}>{plain(error.message)}</p>}
    </>
  );
  return isGroup
    ? <fieldset class="form-field group-field"><legend>{head}</legend>{notes}{body}</fieldset>
    : <div class="form-field"><label for={id}>{head}</label>{body}{notes}</div>;
}

type ControlProperties = Omit<Properties, 'required'> & { about: { id: string; 'aria-invalid'?: true; 'aria-describedby'?: string } };

function Control({ about, label, shape, draft, pointer, errors, onChange }: ControlProperties) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  const item = (index: number, next: Draft) => set({ items: draft.items.map((one, at) => (at === index ? next : one)) });
  switch (shape.kind) {
    case 'integer':
      return <input {...about} type="text" inputMode="numeric" value={draft.text} placeholder={rangeWord(shape.min, shape.max)} onInput={(event) => set({ text: event.currentTarget.value })} />;
    case 'number':
      return <input {...about} type="text" inputMode="decimal" value={draft.text} placeholder="0.0" onInput={(event) => set({ text: event.currentTarget.value })} />;
    case 'boolean':
      return <label class="check"><input {...about} type="checkbox" checked={draft.on} onChange={(event) => set({ on: event.currentTarget.checked })} /> {draft.on ? 'true' : 'false'}</label>;
    case 'null':
      return <code>null</code>;
    case 'string':
      return <textarea {...about} rows={draft.text.includes('\n') || draft.text.length > 60 ? 4 : 1} value={draft.text} onInput={(event) => set({ text: event.currentTarget.value })} />;
    case 'enum':
      return (
        <select {...about} value={String(draft.choice)} onChange={(event) => set({ choice: Number(event.currentTarget.value) })}>
          {shape.values.map((value, index) => <option key={index} value={String(index)}>{typeof value === 'string' ? line(value) : JSON.stringify(value)}</option>)}
        </select>
      );
    case 'array': {
      const inner = shape.item();
      const simple = inner.kind === 'integer' || inner.kind === 'number' || inner.kind === 'string';
      return (
        <div class="items">
          {draft.items.map((one, index) => (
            <div key={index} class="item">
              <FormField label={`${index}`} shape={inner} draft={one} pointer={`${pointer}/${index}`} errors={errors} onChange={(next) => item(index, next)} />
              <button type="button" class="icon-button" aria-label={`Remove ${label} ${index}`} onClick={() => set({ items: draft.items.filter((_, at) => at !== index) })}><Icon name="close" /></button>
            </div>
          ))}
          <div class="actions">
            <button type="button" class="button small" onClick={() => set({ items: [...draft.items, blank(inner)] })}><Icon name="plus" />Add</button>
            {simple && <ManyButton label={label} onMany={(texts) => set({ items: [...draft.items, ...texts.map((text) => ({ ...given(inner), text }))] })} />}
          </div>
        </div>
      );
    }
    case 'tuple':
      return <div class="items">{shape.items.map((one, index) => <FormField key={index} label={`${index}`} shape={one()} draft={draft.items[index] ?? blank(one())} pointer={`${pointer}/${index}`} errors={errors} onChange={(next) => item(index, next)} />)}</div>;
    case 'object':
      return (
        <div class="items">
          {shape.fields.map((field, index) => (
            <FormField
              key={field.name} label={field.name} shape={field.shape()} required={field.required} draft={draft.items[index] ?? blank(field.shape(), field.required)}
              pointer={`${pointer}/${field.name.replaceAll('~', '~0').replaceAll('/', '~1')}`} errors={errors}
              onChange={(next) => set({ items: shape.fields.map((one, at) => (at === index ? next : (draft.items[at] ?? blank(one.shape(), one.required)))) })}
            />
          ))}
          {shape.fields.length === 0 && <code>{'{}'}</code>}
        </div>
      );
    case 'map': {
      const inner = shape.value();
      return (
        <div class="items">
          {draft.items.map((one, index) => (
            <div key={index} class="item">
              <label class="map-name"><span class="unseen">Name {index}</span><input type="text" value={draft.names[index] ?? ''} placeholder="name" onInput={(event) => set({ names: draft.items.map((_, at) => (at === index ? event.currentTarget.value : (draft.names[at] ?? ''))) })} /></label>
              <FormField label="value" shape={inner} draft={one} pointer={`${pointer}/${index}`} errors={errors} onChange={(next) => item(index, next)} />
              <button type="button" class="icon-button" aria-label={`Remove entry ${index}`} onClick={() => set({ items: draft.items.filter((_, at) => at !== index), names: draft.names.filter((_, at) => at !== index) })}><Icon name="close" /></button>
            </div>
          ))}
          <button type="button" class="button small" onClick={() => set({ items: [...draft.items, blank(inner)], names: [...draft.items.map((_, at) => draft.names[at] ?? ''), ''] })}><Icon name="plus" />Add</button>
        </div>
      );
    }
    case 'union': {
      const option = shape.options[draft.choice];
      const inner = option?.shape();
      return (
        <div class="items">
          <select {...about} aria-label={`Kind of ${label}`} value={String(draft.choice)} onChange={(event) => {
            const choice = Number(event.currentTarget.value);
            const next = shape.options[choice];
            set({ choice, items: next ? [given(next.shape())] : [] });
          }}>
            {shape.options.map((one, index) => <option key={index} value={String(index)}>{line(one.label, 60)}</option>)}
          </select>
          {inner && <FormField label={option?.label ?? ''} shape={inner} draft={draft.items[0] ?? blank(inner)} pointer={pointer} errors={errors.filter((one) => one.pointer !== pointer || !['array', 'tuple', 'object', 'map'].includes(inner.kind))} onChange={(next) => set({ items: [next] })} />}
        </div>
      );
    }
    case 'bytes':
      return <BytesControl about={about} draft={draft} set={set} />;
    case 'json':
      return <textarea {...about} class="mono" rows={3} spellcheck={false} placeholder="JSON" value={draft.text} onInput={(event) => set({ text: event.currentTarget.value })} />;
  }
}

/** Many simple values at once: `1, 2, 3`, or one per line. */
function ManyButton({ label, onMany }: { label: string; onMany: (texts: string[]) => void }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  if (!open) return <button type="button" class="button small" onClick={() => setOpen(true)}>Add many…</button>;
  const add = () => {
    onMany(text.split(/[\n,;]+/).map((one) => one.trim()).filter((one) => one !== '').slice(0, 10_000));
    setText('');
    setOpen(false);
  };
  return (
    <span class="many">
      <textarea rows={1} aria-label={`Many values for ${label}, with commas or lines between them`} placeholder="1, 2, 3" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="button" class="button small" onClick={add}>Add</button>
    </span>
  );
}

function BytesControl({ about, draft, set }: { about: { id: string }; draft: Draft; set: (change: Partial<Draft>) => void }) {
  const [said, setSaid] = useState('');
  const upload = async (file: File | undefined) => {
    if (!file) return;
    setSaid(`Uploading ${file.name}…`);
    try {
      // JSON would be stored as a value; here its bytes are meant.
      const type = file.type && file.type !== 'application/json' ? file.type : 'application/octet-stream';
      const stored = (await (await ask('/objects', { method: 'POST', body: file, type })).json()) as StoredObject;
      set({ object: { id: stored.id, name: file.name, size: stored.size }, text: '' });
      setSaid('');
    } catch (error) {
      setSaid(wordsOf(error));
    }
  };
  return (
    <div class="bytes-field">
      <input {...about} type="file" onChange={(event) => void upload(event.currentTarget.files?.[0])} />
      {draft.object
        ? <p>{plain(draft.object.name)}, {bytes(draft.object.size)} <button type="button" class="button small" onClick={() => set({ object: null })}>Remove</button></p>
        : <textarea rows={1} aria-label="or a text" placeholder="or a text" value={draft.text} onInput={(event) => set({ text: event.currentTarget.value })} />}
      {said && <p class="quiet" role="status">{plain(said)}</p>}
    </div>
  );
}

/** The type of a shape in one or few words. */
export function typeWord(shape: Shape, depth = 0): string {
  if (depth > 3) return '…';
  const word = ((): string => {
    switch (shape.kind) {
      case 'integer': return 'integer';
      case 'number': return 'number';
      case 'string': return 'text';
      case 'enum': return shape.values.length <= 4 ? shape.values.map((value) => JSON.stringify(value)).join(' | ') : 'choice';
      case 'array': return `list of ${typeWord(shape.item(), depth + 1)}`;
      case 'tuple': return `(${shape.items.map((item) => typeWord(item(), depth + 1)).join(', ')})`;
      case 'object': return shape.title || `{${shape.fields.map((field) => field.name).slice(0, 4).join(', ')}${shape.fields.length > 4 ? ', …' : ''}}`;
      case 'map': return `${typeWord(shape.value(), depth + 1)} by name`;
      case 'union': return shape.title || shape.options.map((option) => option.label).slice(0, 4).join(' | ');
      case 'json': return 'any value';
      default: return shape.kind;
    }
  })();
  return depth > 0 && shape.nullable ? `${word}?` : word;
}

function rangeWord(min: bigint | null, max: bigint | null): string {
  const big = 1n << 31n;
  if (min !== null && max !== null && max < big) return `${min} to ${max}`;
  return min !== null && min > -big ? `${min} or more` : '0';
}

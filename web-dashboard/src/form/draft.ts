// What was typed into a form, and the JSON it stands for. Numbers stay texts until the end, so that 64 bits keep their digits; a key
// that begins with `$` is doubled, because such keys are references to the server.

import type { Shape } from './shape';

export interface Draft {
  /** False: null, or left out. */
  given: boolean;
  text: string;
  on: boolean;
  choice: number;
  items: Draft[];
  names: string[];
  /** An uploaded object, for bytes. */
  object: { id: string; name: string; size: number } | null;
}

export interface FieldError {
  pointer: string;
  message: string;
}

const DEPTH_MAX = 32;

export function blank(shape: Shape, required = true, depth = 0): Draft {
  const draft: Draft = { given: required && !shape.nullable, text: '', on: false, choice: 0, items: [], names: [], object: null };
  if (depth > DEPTH_MAX) return draft;
  switch (shape.kind) {
    case 'array':
      draft.items = Array.from({ length: Math.min(shape.min, 64) }, () => blank(shape.item(), true, depth + 1));
      break;
    case 'tuple':
      draft.items = shape.items.map((item) => blank(item(), true, depth + 1));
      break;
    case 'object':
      // What need not be given is made when it is, so that types that hold themselves end.
      draft.items = draft.given || depth === 0 ? shape.fields.map((field) => blank(field.shape(), field.required, depth + 1)) : [];
      break;
    case 'union': {
      const first = shape.options[0];
      if (first && (draft.given || depth === 0)) draft.items = [blank(first.shape(), true, depth + 1)];
      break;
    }
  }
  return draft;
}

/** The draft for a value that was switched on. */
export function given(shape: Shape): Draft {
  return { ...blank({ ...shape, nullable: false }), given: true };
}

/** The JSON text of a draft; null when something is wrong, which `errors` then has. */
export function compile(shape: Shape, draft: Draft, pointer: string, errors: FieldError[]): string | null {
  const wrong = (message: string): null => {
    errors.push({ pointer, message });
    return null;
  };
  if (!draft.given) return shape.nullable ? 'null' : wrong('is missing');
  const typed = draft.text.trim();
  switch (shape.kind) {
    case 'integer': {
      if (!/^[+-]?\d+$/.test(typed)) return wrong(typed === '' ? 'a whole number is missing' : 'is not a whole number');
      const value = BigInt(typed.replace('+', ''));
      if (shape.min !== null && value < shape.min) return wrong(`is less than ${shape.min}`);
      if (shape.max !== null && value > shape.max) return wrong(`is more than ${shape.max}`);
      return value.toString();
    }
    case 'number': {
      if (/^(nan|[+-]?inf(inity)?)$/i.test(typed)) return JSON.stringify({ $float: /nan/i.test(typed) ? 'NaN' : typed.startsWith('-') ? '-Infinity' : 'Infinity' });
      const value = Number(typed);
      if (typed === '' || !Number.isFinite(value)) return wrong(typed === '' ? 'a number is missing' : 'is not a number');
      if (shape.min !== null && value < shape.min) return wrong(`is less than ${shape.min}`);
      if (shape.max !== null && value > shape.max) return wrong(`is more than ${shape.max}`);
      return JSON.stringify(value);
    }
    case 'boolean': return String(draft.on);
    case 'null': return 'null';
    case 'string': {
      const length = [...draft.text].length;
      if (length < shape.min) return wrong(shape.min === 1 ? 'a text is missing' : `has fewer than ${shape.min} characters`);
      if (shape.max !== null && length > shape.max) return wrong(`has more than ${shape.max} characters`);
      if (shape.pattern !== null && !fits(shape.pattern, draft.text)) return wrong(`does not fit ${shape.pattern}`);
      return JSON.stringify(draft.text);
    }
    case 'enum': return shape.values.length > 0 ? JSON.stringify(shape.values[draft.choice] ?? shape.values[0]) : wrong('has no possible value');
    case 'array': {
      if (draft.items.length < shape.min) return wrong(`has fewer than ${shape.min} items`);
      if (shape.max !== null && draft.items.length > shape.max) return wrong(`has more than ${shape.max} items`);
      const item = shape.item();
      return list(draft.items.map((one, index) => compile(item, one, `${pointer}/${index}`, errors)));
    }
    case 'tuple': return list(shape.items.map((item, index) => compile(item(), draft.items[index] ?? blank(item()), `${pointer}/${index}`, errors)));
    case 'object': {
      const parts: (string | null)[] = [];
      shape.fields.forEach((field, index) => {
        const inner = field.shape();
        const own = draft.items[index] ?? blank(inner, field.required);
        if (!own.given && !field.required) return;
        const value = compile(inner, own, `${pointer}/${escapePointer(field.name)}`, errors);
        parts.push(value === null ? null : `${keyText(field.name)}:${value}`);
      });
      return parts.includes(null) ? null : `{${parts.join(',')}}`;
    }
    case 'map': {
      const value = shape.value();
      const seen = new Set<string>();
      const parts = draft.items.map((one, index) => {
        const name = draft.names[index] ?? '';
        const at = `${pointer}/${index}`;
        if (seen.has(name)) {
          errors.push({ pointer: at, message: `the name ${JSON.stringify(name)} is there twice` });
          return null;
        }
        seen.add(name);
        const text = compile(value, one, at, errors);
        return text === null ? null : `${keyText(name)}:${text}`;
      });
      return parts.includes(null) ? null : `{${parts.join(',')}}`;
    }
    case 'union': {
      const option = shape.options[draft.choice];
      if (!option) return wrong('is missing');
      const inner = option.shape();
      return compile(inner, draft.items[0] ?? blank(inner), pointer, errors);
    }
    case 'bytes':
      if (draft.object) return JSON.stringify({ $object: draft.object.id });
      return JSON.stringify({ $bytes: base64(draft.text) });
    case 'json':
      return rawJson(draft.text) ?? wrong(typed === '' ? 'a JSON value is missing' : 'is not JSON');
  }
}

/** A text if it is JSON, as it is. */
export function rawJson(text: string): string | null {
  try {
    JSON.parse(text);
    return text.trim();
  } catch {
    return null;
  }
}

export function base64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function list(parts: (string | null)[]): string | null {
  return parts.includes(null) ? null : `[${parts.join(',')}]`;
}

function keyText(name: string): string {
  return JSON.stringify(name.startsWith('$') ? `$${name}` : name);
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function fits(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    // The server knows better what a pattern means that is none here.
    return true;
  }
}

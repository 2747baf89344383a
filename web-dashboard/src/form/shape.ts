// From JSON Schemas to what a form has to ask. Whoever wrote the module wrote the schema, so everything in it is read with care, and
// what is not understood becomes a field for raw JSON.

import type { Schema } from '../api/types';

export type Shape = { nullable: boolean; doc: string; title: string; initial: unknown } & (
  | { kind: 'integer'; min: bigint | null; max: bigint | null }
  | { kind: 'number'; min: number | null; max: number | null; float: boolean }
  | { kind: 'boolean' }
  | { kind: 'string'; min: number; max: number | null; pattern: string | null }
  | { kind: 'enum'; values: unknown[] }
  | { kind: 'null' }
  | { kind: 'array'; item: () => Shape; min: number; max: number | null }
  | { kind: 'tuple'; items: (() => Shape)[] }
  | { kind: 'object'; fields: Field[] }
  | { kind: 'map'; value: () => Shape }
  | { kind: 'union'; options: { label: string; shape: () => Shape }[] }
  | { kind: 'bytes' }
  | { kind: 'json' }
);

export interface Field {
  name: string;
  required: boolean;
  shape: () => Shape;
}

type Keywords = { [keyword: string]: unknown };

/** How often a reference may lead to another one before it counts as a circle. */
const REFERENCES_MAX = 16;

/** `root` is the schema in which `$ref` looks. */
export function shapeOf(schema: Schema, root: Schema = schema): Shape {
  const words = resolve(schema, root);
  const base = { nullable: false, doc: text(words.description), title: text(words.title), initial: words.default };
  if (Object.keys(words).length === 0) return { ...base, kind: 'json' };
  if ('const' in words) return { ...base, kind: 'enum', values: [words.const] };
  if (Array.isArray(words.enum)) {
    const values = words.enum.filter((value) => value !== null);
    return { ...base, kind: 'enum', values, nullable: values.length < words.enum.length };
  }
  for (const word of ['oneOf', 'anyOf']) {
    if (Array.isArray(words[word])) return { ...unionOf(words[word] as Schema[], words, root), doc: base.doc, title: base.title };
  }
  if (Array.isArray(words.allOf) && words.allOf.length === 1) {
    return { ...shapeOf(words.allOf[0] as Schema, root), ...(base.doc && { doc: base.doc }) };
  }
  const types = (Array.isArray(words.type) ? words.type : [words.type]).filter((type): type is string => typeof type === 'string');
  const nullable = types.length > 1 && types.includes('null');
  const rest = types.filter((type) => type !== 'null' || types.length === 1);
  if (rest.length > 1) {
    const options = rest.map((type) => ({ label: type, shape: () => shapeOf({ ...words, type }, root) }));
    return { ...base, nullable, kind: 'union', options };
  }
  return { ...base, nullable, ...ofType(rest[0] ?? (isObject(words.properties) ? 'object' : ''), words, root) };
}

type Bare = Shape extends infer S ? (S extends Shape ? Omit<S, 'nullable' | 'doc' | 'title' | 'initial'> : never) : never;

function ofType(type: string, words: Keywords, root: Schema): Bare {
  switch (type) {
    case 'integer': {
      const [low, high] = rangeOf(text(words.format));
      return { kind: 'integer', min: integer(words.minimum) ?? low, max: integer(words.maximum) ?? high };
    }
    case 'number': return { kind: 'number', min: finite(words.minimum), max: finite(words.maximum), float: text(words.format) !== '' };
    case 'boolean': return { kind: 'boolean' };
    case 'null': return { kind: 'null' };
    case 'string': return { kind: 'string', min: finite(words.minLength) ?? 0, max: finite(words.maxLength) ?? (words.format === 'char' ? 1 : null), pattern: typeof words.pattern === 'string' ? words.pattern : null };
    case 'array': {
      if (Array.isArray(words.prefixItems)) {
        return { kind: 'tuple', items: words.prefixItems.map((one) => () => shapeOf(one as Schema, root)) };
      }
      const items = isSchema(words.items) ? words.items : true;
      return { kind: 'array', item: () => shapeOf(items, root), min: finite(words.minItems) ?? 0, max: finite(words.maxItems) };
    }
    case 'object': return objectOf(words, root);
    default: return { kind: 'json' };
  }
}

function objectOf(words: Keywords, root: Schema): Bare {
  const properties = isObject(words.properties) ? Object.entries(words.properties) : [];
  if (properties.length === 1 && properties[0]?.[0] === '$bytes') return { kind: 'bytes' };
  const required = Array.isArray(words.required) ? words.required : [];
  if (properties.length > 0) {
    return {
      kind: 'object',
      fields: properties.filter(([, one]) => isSchema(one)).map(([name, one]) => ({ name, required: required.includes(name), shape: () => shapeOf(one as Schema, root) })),
    };
  }
  const values = words.additionalProperties;
  if (values === false) return { kind: 'object', fields: [] };
  return isSchema(values) && values !== true ? { kind: 'map', value: () => shapeOf(values, root) } : { kind: 'json' };
}

function unionOf(given: Schema[], words: Keywords, root: Schema): Shape {
  const isNull = (one: Schema) => resolve(one, root).type === 'null';
  const options = given.filter((one) => !isNull(one));
  const nullable = options.length < given.length;
  const [only] = options;
  if (options.length === 1 && only !== undefined) return { ...shapeOf(only, root), nullable: true };
  const constants = options.map((one) => constantOf(resolve(one, root)));
  if (options.length > 0 && constants.every((one) => one !== undefined)) {
    return { kind: 'enum', values: constants.flat(), nullable, doc: '', title: '', initial: words.default };
  }
  return {
    kind: 'union', nullable, doc: '', title: '', initial: words.default,
    options: options.map((one, index) => ({ label: labelOf(resolve(one, root), index), shape: () => shapeOf(one, root) })),
  };
}

/** The values of a schema that allows only certain strings or numbers. */
function constantOf(words: Keywords): unknown[] | undefined {
  if ('const' in words && typeof words.const !== 'object') return [words.const];
  if (Array.isArray(words.enum) && words.enum.every((value) => typeof value !== 'object')) return words.enum;
  return undefined;
}

/** What to call one of several: its title, the tag that tells it apart, or its type. */
function labelOf(words: Keywords, index: number): string {
  if (text(words.title)) return text(words.title);
  if ('const' in words) return String(words.const);
  if (isObject(words.properties)) {
    for (const [name, one] of Object.entries(words.properties)) {
      if (isObject(one) && typeof one.const === 'string') return one.const;
      if (isObject(one) && Array.isArray(one.enum) && one.enum.length === 1) return String(one.enum[0]);
      if (Object.keys(words.properties).length === 1) return name;
    }
  }
  return typeof words.type === 'string' ? words.type : `${index + 1}`;
}

function resolve(schema: Schema, root: Schema): Keywords {
  let words: unknown = schema;
  for (let step = 0; step < REFERENCES_MAX; step += 1) {
    if (!isObject(words)) return {};
    if (typeof words.$ref !== 'string') return words;
    const { $ref, ...beside } = words;
    const found = pointer(root, $ref as string);
    words = isObject(found) ? { ...found, ...beside } : {};
  }
  return {};
}

/** What `#/$defs/Name` points to. */
function pointer(root: Schema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  let at: unknown = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Keywords)[name];
  }
  return at;
}

/** Formats of Rust's integers. */
function rangeOf(format: string): [bigint | null, bigint | null] {
  const found = /^(u?)int(\d+)$/.exec(format);
  if (!found) return [null, null];
  const bits = BigInt(found[2] ?? '64');
  return found[1] === 'u' ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
}

function integer(value: unknown): bigint | null {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : null;
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Keywords {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isObject(value);
}

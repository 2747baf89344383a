// The state of a form for a call's arguments: what was typed for each parameter, as fields or as raw JSON, and the JSON of them all.

import { useMemo, useState } from '../state/hooks';
import { ApiError } from '../api/client';
import type { ModuleFunction } from '../api/types';
import { blank, compile, type Draft, type FieldError, rawJson } from './draft';
import { type Shape, shapeOf } from './shape';

export interface Argument {
  name: string;
  shape: Shape;
  draft: Draft;
  /** Raw JSON, when that was chosen. */
  raw: string | null;
  pointer: string;
  error: FieldError | undefined;
  onDraft: (draft: Draft) => void;
  onRaw: (text: string) => void;
  /** From fields to JSON, taking along what was typed, or back. */
  toggle: () => void;
}

export interface Arguments {
  list: Argument[];
  errors: FieldError[];
  /** The JSON array of all; null when something is wrong, which is then shown. */
  build: () => string | null;
  /** Shows what the server said of arguments; false when it said nothing of them. */
  blame: (error: unknown, prefix: string) => boolean;
}

export function useArguments(of: ModuleFunction): Arguments {
  const parameters = useMemo(() => of.params.map((one): { name: string; shape: Shape } => {
    const shape = shapeOf(one.schema);
    return { name: one.name, shape: one.raw ? { ...shape, nullable: false, kind: 'bytes' } : shape };
  }), [of]);
  const [drafts, setDrafts] = useState<Draft[]>(() => parameters.map((one) => blank(one.shape)));
  const [raw, setRaw] = useState<(string | null)[]>(() => parameters.map(() => null));
  const [errors, setErrors] = useState<FieldError[]>([]);
  const put = <T,>(list: T[], index: number, value: T) => list.map((own, at) => (at === index ? value : own));

  const list = parameters.map(({ name, shape }, index): Argument => {
    const pointer = `/${index}`;
    const draft = drafts[index] ?? blank(shape);
    const text = raw[index] ?? null;
    return {
      name, shape, draft, raw: text, pointer,
      error: errors.find((one) => one.pointer === pointer),
      onDraft: (next) => setDrafts((before) => put(before, index, next)),
      onRaw: (typed) => setRaw((before) => put<string | null>(before, index, typed)),
      toggle: () => setRaw((before) => put<string | null>(before, index, text === null ? (compile(shape, draft, '', []) ?? '') : null)),
    };
  });

  const build = () => {
    const found: FieldError[] = [];
    const parts = list.map((one) => {
      if (one.raw === null) return compile(one.shape, one.draft, one.pointer, found);
      const json = rawJson(one.raw);
      if (json === null) found.push({ pointer: one.pointer, message: one.raw.trim() === '' ? 'a JSON value is missing' : 'is not JSON' });
      return json;
    });
    setErrors(found);
    return parts.includes(null) ? null : `[${parts.join(',')}]`;
  };

  const blame = (error: unknown, prefix: string) => {
    if (!(error instanceof ApiError)) return false;
    const own = error.errors.flatMap(({ pointer, detail }) =>
      pointer?.startsWith(`${prefix}/`) ? [{ pointer: pointer.slice(prefix.length), message: detail }] : []);
    setErrors(own);
    return own.length > 0;
  };

  return { list, errors, build, blame };
}

import { expect, test } from 'vitest';
import type { Schema } from '../api/types';
import { blank, compile, type Draft, type FieldError, given } from './draft';
import { shapeOf } from './shape';

function fill(schema: Schema, change: (draft: Draft) => Partial<Draft> = () => ({})): { json: string | null; errors: FieldError[] } {
  const shape = shapeOf(schema);
  const draft = blank(shape);
  const errors: FieldError[] = [];
  return { json: compile(shape, { ...draft, ...change(draft) }, '', errors), errors };
}

const typed = (schema: Schema, text: string) => fill(schema, () => ({ text }));

test('integers keep 64 bits and know the range of their format', () => {
  const u64 = { type: 'integer', format: 'uint64', minimum: 0 };
  expect(typed(u64, ' 18446744073709551615 ').json).toBe('18446744073709551615');
  expect(typed(u64, '18446744073709551616').errors[0]?.message).toBe('is more than 18446744073709551615');
  expect(typed(u64, '-1').errors[0]?.message).toBe('is less than 0');
  expect(typed({ type: 'integer', format: 'int64' }, '-9223372036854775808').json).toBe('-9223372036854775808');
  expect(typed(u64, '1.5').errors[0]?.message).toBe('is not a whole number');
  expect(typed(u64, '').errors[0]?.message).toBe('a whole number is missing');
});

test('numbers, and those that JSON has no word for', () => {
  const f64 = { type: 'number', format: 'double' };
  expect(typed(f64, '1e3').json).toBe('1000');
  expect(typed(f64, 'NaN').json).toBe('{"$float":"NaN"}');
  expect(typed(f64, '-inf').json).toBe('{"$float":"-Infinity"}');
  expect(typed(f64, 'x').errors).toHaveLength(1);
  expect(typed({ type: 'number', maximum: 1 }, '2').errors[0]?.message).toBe('is more than 1');
});

test('texts, booleans, choices, null', () => {
  expect(typed({ type: 'string' }, 'a "b"\n').json).toBe('"a \\"b\\"\\n"');
  expect(typed({ type: 'string', format: 'char' }, 'ab').errors[0]?.message).toBe('has more than 1 characters');
  expect(typed({ type: 'string', pattern: '^a+$' }, 'b').errors[0]?.message).toBe('does not fit ^a+$');
  expect(fill({ type: 'boolean' }, () => ({ on: true })).json).toBe('true');
  expect(fill({ enum: ['red', 'green'] }, () => ({ choice: 1 })).json).toBe('"green"');
  expect(fill({ oneOf: [{ const: 'a' }, { type: 'string', enum: ['b', 'c'] }] }, () => ({ choice: 2 })).json).toBe('"c"');
  expect(fill({ type: 'null' }).json).toBe('null');
});

test('what may be null is null unless it is given', () => {
  const schema = { type: ['integer', 'null'], format: 'int64' };
  expect(fill(schema).json).toBe('null');
  expect(fill(schema, () => ({ given: true, text: '4' })).json).toBe('4');
  expect(fill({ anyOf: [{ $ref: '#/$defs/P' }, { type: 'null' }], $defs: { P: { type: 'string' } } }).json).toBe('null');
});

test('lists, tuples, objects and maps, nested', () => {
  const list = { type: 'array', items: { type: 'integer' }, minItems: 1 };
  const one = given(shapeOf({ type: 'integer' }));
  expect(fill(list, () => ({ items: [{ ...one, text: '1' }, { ...one, text: '2' }] })).json).toBe('[1,2]');
  expect(fill(list, () => ({ items: [] })).errors[0]?.message).toBe('has fewer than 1 items');
  expect(fill(list, () => ({ items: [{ ...one, text: '1' }, { ...one, text: 'x' }] })).errors[0]?.pointer).toBe('/1');

  const pair = { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'boolean' }], minItems: 2, maxItems: 2 };
  expect(fill(pair, (draft) => ({ items: [{ ...one, text: '1' }, draft.items[1] ?? one] })).json).toBe('[1,false]');

  const region = { type: 'object', properties: { x: { type: 'integer' }, 'a/b': { type: 'integer' }, note: { type: 'string' } }, required: ['x', 'a/b'] };
  expect(fill(region, (draft) => ({ items: draft.items.map((own, at) => (at < 2 ? { ...own, text: '7' } : own)) })).json).toBe('{"x":7,"a/b":7}');
  expect(fill(region).errors.map((error) => error.pointer)).toEqual(['/x', '/a~1b']);

  const map = { type: 'object', additionalProperties: { type: 'integer' } };
  const two = [{ ...one, text: '1' }, { ...one, text: '2' }];
  expect(fill(map, () => ({ items: two, names: ['a', '$b'] })).json).toBe('{"a":1,"$$b":2}');
  expect(fill(map, () => ({ items: two, names: ['a', 'a'] })).errors).toHaveLength(1);
});

test('references, unions with data, and types that hold themselves', () => {
  const schema: Schema = {
    $ref: '#/$defs/Tree',
    $defs: { Tree: { type: 'object', title: 'Tree', properties: { value: { type: 'integer' }, left: { anyOf: [{ $ref: '#/$defs/Tree' }, { type: 'null' }] } }, required: ['value', 'left'] } },
  };
  const shape = shapeOf(schema);
  expect(shape).toMatchObject({ kind: 'object', title: 'Tree' });
  const draft = blank(shape);
  expect(draft.items[1]?.given).toBe(false);
  const errors: FieldError[] = [];
  expect(compile(shape, { ...draft, items: [{ ...(draft.items[0] ?? draft), text: '1' }, draft.items[1] ?? draft] }, '', errors)).toBe('{"value":1,"left":null}');

  const choice: Schema = { oneOf: [{ type: 'object', properties: { Circle: { type: 'number' } }, required: ['Circle'] }, { type: 'object', properties: { kind: { const: 'square' } }, required: ['kind'] }] };
  const union = shapeOf(choice);
  expect(union).toMatchObject({ kind: 'union', options: [{ label: 'Circle' }, { label: 'square' }] });
  const second = shapeOf({ type: 'object', properties: { kind: { const: 'square' } }, required: ['kind'] });
  expect(compile(union, { ...blank(union), choice: 1, items: [given(second)] }, '', [])).toBe('{"kind":"square"}');
});

test('bytes are an uploaded object, or a text', () => {
  const bytes = { type: 'object', properties: { $bytes: { type: 'string', contentEncoding: 'base64' } }, required: ['$bytes'], additionalProperties: false };
  expect(shapeOf(bytes).kind).toBe('bytes');
  expect(typed(bytes, 'hé').json).toBe('{"$bytes":"aMOp"}');
  expect(fill(bytes, () => ({ object: { id: 'abc', name: 'f', size: 1 } })).json).toBe('{"$object":"abc"}');
});

test('what is not understood is a field for JSON', () => {
  for (const schema of [true, {}, { type: 'object' }, { $ref: '#/nowhere' }, { type: 'sonnet' }, { $ref: '#/$defs/A', $defs: { A: { $ref: '#/$defs/A' } } }]) {
    expect(shapeOf(schema).kind).toBe('json');
  }
  expect(typed(true, ' {"a": 12345678901234567890} ').json).toBe('{"a": 12345678901234567890}');
  expect(typed(true, '{').errors[0]?.message).toBe('is not JSON');
});

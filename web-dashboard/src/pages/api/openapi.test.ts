import { expect, test } from 'vitest';
import { byTag, mentioned, readDocument, schemaText } from './openapi';

const DOCUMENT = {
  info: { version: '1', description: 'd' }, servers: [{ url: '/api/v1' }],
  paths: {
    '/runs/{id}': {
      get: { tags: ['runs'], summary: 'A run.', parameters: [{ $ref: '#/components/parameters/run' }], responses: { 200: { description: 'It.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Run' } } } } } },
      delete: { tags: ['runs'], responses: { 204: { description: 'Gone.' } } },
    },
    '/objects': { post: { tags: ['objects'], requestBody: { required: true, content: { 'application/octet-stream': { schema: { type: 'string' } } } }, responses: {} } },
  },
  components: {
    parameters: { run: { name: 'id', in: 'path', required: true, schema: { type: 'string' }, description: 'A run.' } },
    schemas: {
      Run: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, failure: { oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/Failure' }] } } },
      Failure: { type: 'object', properties: { kind: { enum: ['app', 'trap'] } } },
    },
  },
};

test('operations by tag, with references followed', () => {
  const document = readDocument(DOCUMENT);
  expect(document.base).toBe('/api/v1');
  expect(byTag(document.operations).map(([tag, own]) => [tag, own.length])).toEqual([['runs', 2], ['objects', 1]]);
  expect(document.operations[0]?.parameters).toEqual([{ name: 'id', in: 'path', required: true, type: 'string', doc: 'A run.' }]);
  expect(document.operations[2]?.body?.types).toEqual(['application/octet-stream']);
});

test('schemas as types', () => {
  expect(schemaText(DOCUMENT.components.schemas.Run)).toBe('{\n  id: string\n  failure?: null | Failure\n}');
  expect(schemaText({ type: ['integer', 'null'] })).toBe('integer | null');
  expect(schemaText({ type: 'array', items: { enum: ['a', 'b'] } })).toBe('("a" | "b")[]');
  expect(mentioned({ $ref: '#/components/schemas/Run' }, DOCUMENT.components.schemas).map(([name]) => name)).toEqual(['Run', 'Failure']);
});

test('a document that is none does no harm', () => {
  expect(readDocument('nonsense').operations).toEqual([]);
  expect(readDocument({ paths: { '/x': { get: null } } }).operations).toHaveLength(1);
});

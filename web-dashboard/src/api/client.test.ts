import { afterEach, expect, test, vi } from 'vitest';
import { ApiError, ask, contact, get, path, send, url, wordsOf } from './client';

afterEach(() => vi.unstubAllGlobals());

const answer = (status: number, body: string, type = 'application/problem+json') =>
  vi.stubGlobal('fetch', vi.fn(async () => new Response(body || null, { status, headers: { 'content-type': type } })));

test('what the server refused keeps its words', async () => {
  answer(400, JSON.stringify({ title: 'Not valid', status: 400, detail: '2 errors', code: 'invalid_graph', help: 'see the docs', errors: [{ pointer: '/tasks/a', code: 'unknown_key', detail: "did you mean 'b'?" }] }));
  const error = await get('/runs').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 400, code: 'invalid_graph', title: 'Not valid', detail: '2 errors', help: 'see the docs', unreachable: false });
  expect((error as ApiError).errors[0]?.pointer).toBe('/tasks/a');
  expect(wordsOf(error)).toBe('2 errors');
});

test('an answer that is no problem document still tells something', async () => {
  answer(502, '<html>bad gateway</html>', 'text/html');
  await expect(get('/runs')).rejects.toMatchObject({ status: 502, code: 'http_502', detail: '<html>bad gateway</html>' });
});

test('a server that is not there', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => { throw new TypeError('failed to fetch'); }));
  await expect(get('/runs')).rejects.toMatchObject({ status: 0, unreachable: true });
  expect(contact.value.lostSince).not.toBeNull();
  answer(200, '{}', 'application/json');
  await get('/runs');
  expect(contact.value.lostSince).toBeNull();
});

test('an abort stays an abort', async () => {
  vi.stubGlobal('fetch', vi.fn(async () => { throw new DOMException('aborted', 'AbortError'); }));
  await expect(ask('/runs')).rejects.toMatchObject({ name: 'AbortError' });
});

test('bodies and empty answers', async () => {
  answer(204, '');
  expect(await send('DELETE', '/runs/a')).toBeNull();
  answer(200, '{"cancelled":3}', 'application/json');
  expect(await send('POST', '/runs/a/cancel', { reason: 'x' })).toEqual({ cancelled: 3 });
  expect(vi.mocked(fetch).mock.calls[0]?.[1]?.body).toBe('{"reason":"x"}');
});

test('addresses are encoded, and parameters without a value left out', () => {
  expect(path('/runs', 'a/b', 'sq[3]')).toBe('/runs/a%2Fb/sq%5B3%5D');
  expect(url('/runs', { state: '', name: null, limit: 5, q: 'a b' })).toBe('/api/v1/runs?limit=5&q=a+b');
});

import { expect, test } from 'vitest';
import { parsePath } from './router';

test('paths of pages', () => {
  expect(parsePath('/')).toEqual({ page: 'overview' });
  expect(parsePath('/runs')).toEqual({ page: 'runs' });
  expect(parsePath('/runs/')).toEqual({ page: 'runs' });
  expect(parsePath('/runs/86eebad2a2b87cb4')).toEqual({ page: 'run', id: '86eebad2a2b87cb4' });
  expect(parsePath('/modules/my%20module')).toEqual({ page: 'module', reference: 'my module' });
  for (const page of ['workers', 'modules', 'sync', 'api']) expect(parsePath(`/${page}`)).toEqual({ page });
});

test('paths of nothing', () => {
  for (const path of ['/nothing', '/runs/a/b', '/workers/1', '/api/v1/runs', '/openapi.json']) expect(parsePath(path).page).toBe('unknown');
  expect(parsePath('/runs/%zz')).toEqual({ page: 'run', id: '%zz' });
});

import { expect, test } from 'vitest';
import { clearSelection, selectTask, selection } from './selection';

test('selecting a task and clearing the selection', () => {
  selectTask(7);
  expect(selection.task.value).toBe(7);
  clearSelection();
  expect(selection.task.value).toBeNull();
});

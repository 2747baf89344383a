// The drawer of the selected task, beside whatever view selected it. It takes the focus only when a table or link opened it; Esc closes
// it and gives the focus back.

import { useEffect, useRef } from '../../state/hooks';
import { path } from '../../api/client';
import { useResource } from '../../api/resource';
import type { RunDetail, TaskDetail } from '../../api/types';
import { bindKeys } from '../../app/keys';
import { closeTask, focusDrawer, learnTask, selectedKey } from '../../state/task';
import { selection } from '../../state/selection';
import { CopyButton } from '../../ui/Copy';
import { Icon } from '../../ui/Icon';
import { Loading, Problem } from '../../ui/Notice';
import { StateChip } from '../../ui/State';
import { line } from '../../ui/text';
import { TaskBody } from './TaskBody';

const FINAL = new Set(['succeeded', 'failed', 'cancelled', 'aborted']);
const modal = typeof matchMedia === 'undefined' ? null : matchMedia('(max-width: 899.9px)');

export function TaskDrawer({ run, onChange }: { run: RunDetail; onChange: () => void }) {
  const key = selectedKey.value;
  const place = selection.task.value;
  const element = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  const where = key === null ? null : `${path('/runs', run.id)}${path('/tasks', key)}`;
  const known = useResource<TaskDetail>(where, { every: run.state === 'running' ? 1000 : null });
  const task = known.data;
  const final = task !== null && FINAL.has(task.state);

  // The run ended, or a retry began anew: what is shown is asked for again.
  useEffect(() => { if (task && (run.state !== 'running') !== final) known.reload(); }, [run.state]);
  useEffect(() => { if (task?.index !== undefined) learnTask(task.index, task.key); }, [task?.index]);

  const asked = focusDrawer.value;
  useEffect(() => {
    if (asked === 0 && !modal?.matches) return;
    const now = document.activeElement;
    if (now && !element.current?.contains(now)) before.current = now;
    element.current?.querySelector<HTMLElement>('h2')?.focus();
  }, [asked]);
  useEffect(() => {
    const stop = bindKeys({ Escape: closeTask, Enter: () => element.current?.querySelector<HTMLElement>('h2')?.focus() });
    return () => {
      stop();
      focusDrawer.value = 0;
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus({ preventScroll: true });
    };
  }, []);

  const trap = (event: KeyboardEvent) => {
    if (event.key !== 'Tab' || !modal?.matches) return;
    const all = [...(element.current?.querySelectorAll<HTMLElement>('button:not([disabled]), a[href], input, select, summary, [tabindex="0"]') ?? [])].filter((one) => one.offsetParent !== null);
    const [first, last] = [all[0], all.at(-1)];
    if (event.shiftKey && (document.activeElement === first || document.activeElement?.tagName === 'H2')) {
      event.preventDefault();
      last?.focus();
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault();
      first?.focus();
    }
  };

  return (
    <div class="drawer" ref={element} role="dialog" aria-modal={modal?.matches ?? false} aria-label={line(`Task ${key ?? place ?? ''}`)} onKeyDown={trap}>
      <header class="drawer-head">
        <div>
          <h2 tabIndex={-1} title={line(key ?? '', 1000)}>{key === null ? `task ${place ?? ''}` : line(key, 80)}</h2>
          {key !== null && <CopyButton text={key} label="Copy the task's key" />}
        </div>
        <button type="button" class="icon-button" aria-label="Close (Esc)" title="Close (Esc)" onClick={closeTask}><Icon name="close" /></button>
        {task && <p><StateChip state={task.state} label={task.cached ? `${task.state}, known result` : task.state} /><code>{line(task.call, 80)}</code></p>}
      </header>
      <div class="drawer-body">
        {known.error && !task && <Problem error={known.error} retry={known.reload} />}
        {!task && !known.error && <Loading what="Task" />}
        {task && <TaskBody key={task.key} run={run} task={task} onChange={() => { known.reload(); onChange(); }} />}
      </div>
    </div>
  );
}

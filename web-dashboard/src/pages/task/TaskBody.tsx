// What the drawer tells of a task, from what matters most to what matters least.

import { path, send } from '../../api/client';
import { useResource } from '../../api/resource';
import type { Explanation, Logs, RunDetail, TaskDetail } from '../../api/types';
import { confirm } from '../../app/confirm';
import { tellError, toast } from '../../app/toasts';
import { openTask } from '../../state/task';
import { bothTimes, bytes, clock, count, duration, plural } from '../../ui/format';
import { copyText } from '../../ui/Copy';
import { Icon } from '../../ui/Icon';
import { Menu } from '../../ui/Menu';
import { Facts } from '../../ui/Notice';
import { StateGlyph } from '../../ui/State';
import { line, plain } from '../../ui/text';
import { useNow } from '../../ui/useNow';
import { taskCommands } from './copyAs';
import { FailureBox } from './FailureBox';
import { Output } from './Output';
import { Phases } from './Phases';
import { phasesOf } from './phases';

const ENDED = new Set(['succeeded', 'failed', 'cancelled', 'aborted']);

export function TaskBody({ run, task, onChange }: { run: RunDetail; task: TaskDetail; onChange: () => void }) {
  const ended = ENDED.has(task.state);
  const now = useNow(ended ? null : 200);
  const progress = task.progress ?? null;
  return (
    <>
      <Actions run={run} task={task} ended={ended} onChange={onChange} />
      <Phases phases={phasesOf(task, now * 1000)} />
      {progress && progress.total > 0 && (
        <label class="own-progress"><span>progress {count(progress.done)} / {count(progress.total)}</span><progress max={progress.total} value={progress.done} /></label>
      )}
      {task.failure && <section class="drawer-part"><h3>Failure</h3><FailureBox failure={task.failure} /></section>}
      <Why run={run} task={task} ended={ended} />
      <Output task={task} />
      <Related title="Inputs" keys={task.deps} total={task.deps_total} />
      <Related title="Used by" keys={task.dependents ?? []} total={task.dependents_total ?? 0} />
      <section class="drawer-part">
        <h3>Figures</h3>
        <Facts rows={[
          ['Slot', task.worker === null ? '–' : `worker ${task.worker}, slot ${task.slot ?? '?'}`],
          ['Began', task.started_at ? <time dateTime={task.started_at} title={bothTimes(task.started_at)}>{clock(task.started_at)}</time> : '–'],
          ['Ended', task.finished_at ? <time dateTime={task.finished_at} title={bothTimes(task.finished_at)}>{clock(task.finished_at)}</time> : '–'],
          ['Most memory', bytes(task.peak_memory)],
          ...(task.parent ? [['Submitted by', <button key="p" type="button" class="link" onClick={() => openTask(task.parent ?? '')}>{line(task.parent, 60)}</button>] as [string, preact.ComponentChildren]] : []),
        ]} />
      </section>
      <Attempts task={task} />
      <TaskLogs task={task} ended={ended} />
    </>
  );
}

function Actions({ run, task, ended, onChange }: { run: RunDetail; task: TaskDetail; ended: boolean; onChange: () => void }) {
  const where = path('/runs', run.id);
  const commands = taskCommands(location.origin, run.id, task.key);
  const cancel = async () => {
    const reason = await confirm({ title: 'Cancel this task?', text: `What needs ${line(task.key, 60)} is aborted.`, act: 'Cancel the task', danger: true, field: { label: 'Reason' } });
    if (reason === null) return;
    await act(() => send('POST', `${where}/cancel`, { keys: [task.key], ...(reason ? { reason } : {}) }), 'Cancelled');
  };
  const act = async (what: () => Promise<unknown>, said: string) => {
    try {
      await what();
      toast({ text: said, tone: 'good' });
      onChange();
    } catch (error) {
      tellError(error);
    }
  };
  return (
    <div class="drawer-actions">
      {!ended && <button type="button" class="button small" onClick={() => void cancel()}><Icon name="stop" />Cancel</button>}
      {ended && task.state !== 'succeeded' && (
        <button type="button" class="button small" onClick={() => void act(() => send('POST', `${where}/retry`, { keys: [task.key] }), 'Again')}><Icon name="retry" />Retry</button>
      )}
      <Menu
        label="Copy as" items={[
          { label: 'curl', run: () => void copyText(commands.curl, 'curl command copied') },
          { label: 'command line', hint: 'wask result', run: () => void copyText(commands.cli, 'command copied') },
          { label: 'Python', run: () => void copyText(commands.python, 'Python copied') },
          { label: 'link to this view', run: () => void copyText(location.href, 'link copied') },
        ]}
      />
    </div>
  );
}

/** Why it is in its state; for what waits, worker by worker. */
function Why({ run, task, ended }: { run: RunDetail; task: TaskDetail; ended: boolean }) {
  const where = `${path('/runs', run.id)}${path('/tasks', task.key)}/explain`;
  const known = useResource<Explanation>(ended || task.state === 'running' ? null : where, { every: 2000 });
  const reason = known.data?.reason ?? task.reason;
  const waiting = known.data?.waiting_for ?? [];
  if (!reason && waiting.length === 0) return null;
  return (
    <section class="drawer-part">
      <h3>Why {ended ? 'it ended so' : `it is ${task.state}`}</h3>
      {reason && <p class="why">{plain(reason)}</p>}
      {task.cause && <p>because of <button type="button" class="link" onClick={() => openTask(task.cause ?? '')}>{line(task.cause, 60)}</button></p>}
      {known.data?.retry_at && <p>next attempt at {clock(known.data.retry_at)}</p>}
      <KeyList keys={waiting} total={known.data?.waiting_total ?? 0} />
      {(known.data?.workers.length ?? 0) > 1 && (
        <ul class="workers-why">{known.data?.workers.map((worker) => <li key={worker.id}><b>{line(worker.name, 30)}</b> {worker.reason ? plain(worker.reason) : 'could run it'}</li>)}</ul>
      )}
    </section>
  );
}

function Related({ title, keys, total }: { title: string; keys: string[]; total: number }) {
  if (total === 0) return null;
  return <section class="drawer-part"><h3>{title} <small>{count(total)}</small></h3><KeyList keys={keys} total={total} /></section>;
}

function KeyList({ keys, total }: { keys: string[]; total: number }) {
  if (keys.length === 0) return null;
  return (
    <p class="keys">
      {keys.slice(0, 24).map((key) => <button key={key} type="button" class="tag" onClick={() => openTask(key)}>{line(key, 40)}</button>)}
      {keys.length > 24 && <details><summary>{count(keys.length - 24)} more</summary>{keys.slice(24).map((key) => <button key={key} type="button" class="tag" onClick={() => openTask(key)}>{line(key, 40)}</button>)}</details>}
      {total > keys.length && <span class="quiet">the first {count(keys.length)} of {count(total)}</span>}
    </p>
  );
}

function Attempts({ task }: { task: TaskDetail }) {
  if (task.attempts.length < 2 && !task.attempts.some((one) => one.failure)) return null;
  return (
    <section class="drawer-part">
      <h3>Attempts <small>{count(task.attempts.length)}</small></h3>
      <ol class="attempts">
        {[...task.attempts].reverse().map((one) => (
          <li key={one.attempt}>
            <StateGlyph state={one.failure ? (one.attempt < task.attempt ? 'retried' : 'failed') : 'succeeded'} />
            <b>{count(one.attempt)}</b> <span title={bothTimes(one.started_at)}>{clock(one.started_at)}</span> <span>{duration(one.run_us)}</span> <span class="quiet">slot {one.worker}/{one.slot}, {bytes(one.peak_memory)}{one.fetch_us ? `, fetched ${duration(one.fetch_us)}` : ''}{one.store_us ? `, stored ${duration(one.store_us)}` : ''}</span>
            {one.failure && <p title={plain(one.failure.message)}>{plain(one.failure.kind)}: {line(one.failure.message, 200)}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function TaskLogs({ task, ended }: { task: TaskDetail; ended: boolean }) {
  const where = `${path('/runs', task.run)}${path('/tasks', task.key)}/logs`;
  const known = useResource<Logs>(where, { every: ended ? null : 1000 });
  const attempts = known.data?.attempts ?? [];
  const lines = attempts.reduce((sum, one) => sum + one.lines.length, 0);
  if (lines === 0) return null;
  return (
    <section class="drawer-part">
      <h3>Logs <small>{plural(lines, 'line')}</small></h3>
      <div class="task-log" tabIndex={0} role="log" aria-live="off" aria-label="Lines of this task">
        {attempts.map((one) => (
          <div key={one.attempt}>
            {attempts.length > 1 && <p class="quiet">attempt {one.attempt}</p>}
            {one.lines.map((own, index) => <p key={index} class={`log-text ${own.level}`}><time dateTime={own.at} title={bothTimes(own.at)}>{clock(own.at)}</time><span class="level">{line(own.level, 6)}</span><span>{plain(own.message)}</span></p>)}
          </div>
        ))}
      </div>
      {known.data?.truncated && <p class="quiet">There are more lines than the server gives at once.</p>}
    </section>
  );
}

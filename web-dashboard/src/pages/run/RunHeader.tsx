// The head of a run, which stays in sight: name, state, counts, duration, critical path, and what can be done with it.

import { path, send } from '../../api/client';
import { useResource } from '../../api/resource';
import { TASK_STATES, type CriticalPath, type RunDetail } from '../../api/types';
import { confirm } from '../../app/confirm';
import { navigate, setQuery } from '../../app/router';
import { tellError, toast } from '../../app/toasts';
import { openTask } from '../../state/task';
import { between, bothTimes, count, dateTime, duration, plural } from '../../ui/format';
import { CopyButton } from '../../ui/Copy';
import { Icon } from '../../ui/Icon';
import { Menu, type MenuItem } from '../../ui/Menu';
import { Progress } from '../../ui/Progress';
import { StateChip, StateGlyph } from '../../ui/State';
import { line } from '../../ui/text';
import { useNow } from '../../ui/useNow';
import { download } from './download';

export function RunHeader({ run, onChange }: { run: RunDetail; onChange: () => void }) {
  const isRunning = run.state === 'running';
  const now = useNow(isRunning ? 200 : null);
  const took = run.finished_at ? between(run.created_at, run.finished_at) : (now - Date.parse(run.created_at)) * 1000;
  const where = path('/runs', run.id);
  const failed = (run.counts.failed ?? 0) + (run.counts.aborted ?? 0);

  const cancel = async () => {
    const reason = await confirm({
      title: 'Cancel this run?', text: 'Running tasks stop at once; what succeeded stays. A retry can begin the others again.',
      act: 'Cancel the run', danger: true, field: { label: 'Reason, for those who look later', placeholder: 'wrong input' },
    });
    if (reason === null) return;
    await act(async () => {
      const answer = await send<{ cancelled: number }>('POST', `${where}/cancel`, reason ? { reason } : {});
      toast({ text: `${plural(answer.cancelled, 'task')} stopped`, tone: 'good' });
      onChange();
    });
  };
  const retry = () => act(async () => {
    const answer = await send<{ retried: number }>('POST', `${where}/retry`, {});
    toast({ text: `${plural(answer.retried, 'task')} again`, tone: 'good' });
    onChange();
  });
  const remove = async () => {
    const sure = await confirm({ title: 'Delete this run?', text: 'Its results and history go, and cannot be brought back.', act: 'Delete the run', danger: true });
    if (sure === null) return;
    await act(async () => {
      await send('DELETE', where);
      toast({ text: 'The run was deleted' });
      navigate('/runs', { replace: true });
    });
  };

  const name = `run-${run.id}`;
  const items: MenuItem[] = [
    { label: 'Perfetto trace', hint: 'JSON; ui.perfetto.dev opens it', run: () => void download(`${where}/trace`, `${name}.trace.json`) },
    { label: 'Report', hint: 'one HTML file that opens without a server', run: () => void download(`${where}/report`, `${name}.html`) },
    { label: 'Tasks as CSV', hint: 'every task as a line', run: () => void download(`${where}/tasks.csv`, `${name}.csv`) },
    { label: 'Graph as SVG', run: () => void download(`${where}/graph?format=svg`, `${name}.svg`) },
    ...(isRunning ? [] : [{ label: 'Delete the run…', run: () => void remove() }]),
  ];

  return (
    <header class="run-head">
      <div class="run-title">
        <h1 title={line(run.name ?? run.id, 1000)}>{line(run.name ?? `run ${run.id}`, 120)}</h1>
        <StateChip state={run.state} label={run.open ? `${run.state}, open` : run.state} />
        <span class="id"><code>{run.id}</code><CopyButton text={run.id} label="Copy the run's id" /></span>
        <div class="actions">
          {isRunning && <button type="button" class="button" onClick={() => void cancel()}><Icon name="stop" />Cancel</button>}
          {failed > 0 && <button type="button" class="button" onClick={() => void retry()}><Icon name="retry" />Retry failed</button>}
          <Menu label={<><Icon name="download" />Export</>} items={items} />
        </div>
      </div>
      <Progress counts={run.counts} label="Tasks of the run" />
      <div class="run-facts">
        {TASK_STATES.filter((state) => (run.counts[state] ?? 0) > 0).map((state) => (
          <button key={state} type="button" class={`count ${state === 'failed' ? 'bad' : ''}`} onClick={() => setQuery({ tab: 'tasks', state })} title={`Show the tasks that are ${state}`}>
            <StateGlyph state={state} /><b>{count(run.counts[state])}</b> {state}
          </button>
        ))}
        <span class="fact"><b class="steady">{duration(took)}</b> <span title={bothTimes(run.created_at)}>since {dateTime(run.created_at)}</span></span>
        <Critical run={run} />
      </div>
    </header>
  );
}

/** The chain of tasks that the run could not have been shorter than. */
function Critical({ run }: { run: RunDetail }) {
  const known = useResource<CriticalPath>(run.state === 'running' ? null : `${path('/runs', run.id)}/critical-path`);
  const last = known.data?.tasks.at(-1);
  if (!known.data || known.data.total === 0) return null;
  return (
    <button type="button" class="count" title={`The longest chain of tasks one after the other, ${plural(known.data.total, 'task')}; opens its last one`} onClick={() => last && openTask(last.key, last.task)}>
      <b>{duration(known.data.us)}</b> critical path
    </button>
  );
}

async function act(what: () => Promise<void>): Promise<void> {
  try {
    await what();
  } catch (error) {
    tellError(error);
  }
}

// Who runs tasks: each worker with its slots and what runs on them, its load, memory, objects and restarts.

import { useEffect } from '../../state/hooks';
import { useResource } from '../../api/resource';
import type { Page, Worker } from '../../api/types';
import { shownTick } from '../../app/live';
import { runPath } from '../../app/router';
import { useFeed } from '../../app/useFeed';
import type { RunFeed } from '../../data/feed';
import { ago, bothTimes, bytes, count, duration, plural, rate } from '../../ui/format';
import { Spark } from '../../ui/Charts';
import { Empty, Facts, Loading, Problem } from '../../ui/Notice';
import { StateGlyph } from '../../ui/State';
import { line } from '../../ui/text';
import { useNow } from '../../ui/useNow';
import { historyOf, rates, remember } from './history';

const POLL_MS = 1000;
/** Words for an executor that is ready. */
const AT_REST = new Set(['', 'up', 'idle', 'running']);

export function Workers() {
  const feed = useFeed(null, false);
  const known = useResource<Page<Worker>>('/workers', { every: POLL_MS });
  useEffect(() => { if (known.data) remember(known.data.items, Date.now()); }, [known.data]);
  if (!known.data) return known.error ? <Problem error={known.error} retry={known.reload} /> : <Loading what="Workers" />;
  const workers = known.data.items;
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  return (
    <div class="page">
      <header class="page-head">
        <h1>Workers</h1>
        <span class="quiet">{plural(known.data.total, 'worker')}, {plural(slots, 'slot')}</span>
      </header>
      {workers.length === 0 && <Empty title="No worker is there"><p>Tasks wait until one joins.</p></Empty>}
      <div class="worker-list">{workers.map((worker) => <WorkerCard key={worker.id} worker={worker} feed={feed} />)}</div>
    </div>
  );
}

function WorkerCard({ worker, feed }: { worker: Worker; feed: RunFeed | null }) {
  const samples = historyOf(worker.id);
  const perSecond = rates(samples);
  const resources = Object.entries(worker.resources);
  return (
    <section class="card worker">
      <header class="card-head">
        <h2>{line(worker.name, 60)} <small>worker {worker.id}</small></h2>
        <span class="quiet" title={bothTimes(worker.joined_at)}>joined {ago(worker.joined_at)}{worker.draining ? ', takes no more work' : ''}</span>
      </header>
      <div class="worker-figures">
        <Trend name="tasks per s" value={rate(perSecond.at(-1))} values={perSecond} />
        <Trend name="slots busy" value={`${count(worker.running)} / ${count(worker.slots)}`} values={samples.map((one) => one.busy)} top={worker.slots} />
        {worker.cpu !== null && <Trend name="cores in use" value={worker.cpu.toFixed(2)} values={samples.map((one) => one.cpu ?? 0)} top={worker.slots} />}
        {worker.memory !== null && <Trend name="memory" value={bytes(worker.memory)} values={samples.map((one) => one.memory ?? 0)} />}
      </div>
      <Slots worker={worker} feed={feed} />
      <Facts rows={[
        ['Attempts finished', count(worker.finished)],
        ['Held ready', count(Math.max(0, worker.assigned - worker.running))],
        ...(worker.objects ? [['Objects', `${count(worker.objects.count)}, ${bytes(worker.objects.bytes)}`] as [string, string]] : []),
        ['Executors begun anew', count(worker.restarts)],
        ...resources.map(([name, amount]): [string, string] => [`Resource ${line(name, 40)}`, `${amount.free} of ${amount.total} free`]),
      ]} />
    </section>
  );
}

function Trend({ name, value, values, top }: { name: string; value: string; values: number[]; top?: number }) {
  return (
    <div class="trend">
      <span class="figure-name">{name}</span><b>{value}</b>
      <Spark values={values} {...(top !== undefined ? { top } : {})} label={`${name} over the last minutes, now ${value}`} />
    </div>
  );
}

/** What runs on each slot at this moment, as the feed tells. */
function Slots({ worker, feed }: { worker: Worker; feed: RunFeed | null }) {
  const tick = shownTick(feed);
  const now = useNow(tick && tick.running.length > 0 ? 250 : null);
  const store = feed?.store ?? null;
  const running = new Map((tick?.running ?? []).flatMap((one) => {
    const lane = typeof one.lane === 'number' && one.state === 'running' ? store?.lanes[one.lane] : undefined;
    return lane && lane.worker === worker.id ? [[lane.slot, one] as const] : [];
  }));
  return (
    <ul class="slots" aria-label="Slots">
      {worker.lanes.map((lane) => {
        const one = running.get(lane.slot);
        const call = one ? store?.functions[one.function] : undefined;
        const run = one && store ? store.runId(one.run) : null;
        return (
          <li key={lane.slot} class={one ? 'busy' : ''}>
            <span class="slot-number">{lane.slot}</span>
            {one ? <StateGlyph state="running" /> : null}
            <span class="slot-what">
              {one ? (run ? <a href={`${runPath(run)}?task=${one.task}`}>{line(call ?? 'a task', 60)}</a> : line(call ?? 'a task', 60)) : <span class="quiet">{AT_REST.has(lane.state) ? 'idle' : line(lane.state, 30)}</span>}
            </span>
            {typeof one?.start_us === 'number' && <span class="number">{duration(Math.max(0, now * 1000 - one.start_us))}</span>}
            {typeof lane.memory === 'number' && <small title="Memory of its executor">{bytes(lane.memory)}</small>}
            {lane.restarts > 0 && <small title="Its executor was begun anew so often">{plural(lane.restarts, 'restart')}</small>}
          </li>
        );
      })}
    </ul>
  );
}

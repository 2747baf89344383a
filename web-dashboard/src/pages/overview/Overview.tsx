// What goes on: figures of the moment, the live stream of all runs, progress by function, the newest runs, and when runs were how long.

import { useResource } from '../../api/resource';
import type { Page, Run, Worker } from '../../api/types';
import { shownTick } from '../../app/live';
import { useFeed } from '../../app/useFeed';
import { count, rate } from '../../ui/format';
import { huesOf } from '../../ui/Hue';
import { Loading, Problem, Section } from '../../ui/Notice';
import { Timeline } from '../../timeline/Timeline';
import { FunctionProgress } from './FunctionProgress';
import { FirstSteps } from './FirstSteps';
import { RecentRuns } from './RecentRuns';
import { RunScatter } from './RunScatter';

const POLL_MS = 2000;

export function Overview() {
  const feed = useFeed(null);
  const tick = shownTick(feed);
  // Without ticks (an older server, or the connection is not there yet) the same is asked for now and then.
  const runs = useResource<Page<Run>>('/runs', { query: { limit: 200 }, every: tick ? 10_000 : POLL_MS });
  const workers = useResource<Page<Worker>>(tick ? null : '/workers', { every: POLL_MS });

  if (!runs.data) return runs.error ? <Problem error={runs.error} retry={runs.reload} /> : <Loading what="Runs" />;
  const newest = tick?.runs ?? runs.data.items.slice(0, 20);
  const nothingYet = newest.length === 0 && runs.data.total === 0;

  const sum = (state: string) => tick?.counts[state] ?? runs.data?.items.reduce((all, run) => all + (run.counts[state] ?? 0), 0) ?? 0;
  const slots = tick?.server.slots ?? workers.data?.items.reduce((all, worker) => all + worker.slots, 0) ?? null;
  const busy = tick?.server.busy ?? workers.data?.items.reduce((all, worker) => all + worker.running, 0) ?? null;
  const failed = sum('failed');

  return (
    <div class="page">
      <h1 class="unseen">Overview</h1>
      <div class="figures">
        <Figure name="running" value={count(sum('running'))} tone="busy" />
        <Figure name="queued" value={count((tick?.server.queued ?? sum('queued')) + (tick ? 0 : sum('no-worker')))} />
        <Figure name="failed" value={count(failed)} tone={failed > 0 ? 'bad' : ''} />
        <Figure name="slots busy" value={slots === null ? '–' : `${count(busy)} / ${count(slots)}`} />
        <Figure name="tasks per s" value={rate(tick?.server.tasks_per_s)} />
      </div>
      {nothingYet ? <FirstSteps /> : (
        <>
          {feed && <Section title="Task stream" class="stream"><Timeline feed={feed} scope="all" /></Section>}
          <div class="columns">
            <Section title="Runs" actions={<a href="/runs">all {count(runs.data.total)}</a>}><RecentRuns runs={newest.slice(0, 8)} /></Section>
            {tick && tick.functions.length > 0
              ? <Section title="Functions"><FunctionProgress functions={tick.functions} most={12} hues={huesOf(feed)} /></Section>
              : <Section title="When runs began, and how long they were"><RunScatter runs={runs.data.items} total={runs.data.total} /></Section>}
          </div>
          {tick && tick.functions.length > 0 && (
            <Section title="When runs began, and how long they were"><RunScatter runs={runs.data.items} total={runs.data.total} /></Section>
          )}
        </>
      )}
    </div>
  );
}

function Figure({ name, value, tone = '' }: { name: string; value: string; tone?: string }) {
  return <div class={`figure ${tone}`}><span class="figure-value">{value}</span><span class="figure-name">{name}</span></div>;
}

// What is under the pointer, in words: where the task's time went, and how it ended.

import { NO_LANE, STATE_NAMES, Flag, State, type SpanRow } from '../data/block';
import type { Open } from '../data/feed';
import { bytes, duration } from '../ui/format';
import { line } from '../ui/text';
import type { Control } from './control';
import { laneName } from './layout';

const WIDTH = 270;

export function Tooltip({ control }: { control: Control }) {
  const shown = control.hover.value;
  if (!shown) return null;
  const { scene, engine } = control;
  const row = shown.hit.kind === 'span' ? scene.store.row(shown.hit.number) : null;
  const open = shown.hit.kind === 'open' ? shown.hit.open : null;
  if (!row && !open) return null;
  const right = shown.x + WIDTH + 24 > engine.width;
  const x = right ? Math.max(0, shown.x - WIDTH - 14) : shown.x + 14;
  const y = Math.max(0, Math.min(shown.y + 14, scene.height - 150));
  return (
    <div class="tl-tip" style={{ transform: `translate(${Math.round(x)}px, ${Math.round(y)}px)` }} aria-hidden="true">
      {row ? <Ended control={control} row={row} /> : open && <Running control={control} open={open} />}
    </div>
  );
}

function Head({ control, fn, task, run }: { control: Control; fn: number; task: number; run: number | undefined }) {
  const { scene, engine } = control;
  const hue = scene.hues[fn]?.hue ?? 0;
  const key = scene.all ? scene.store.runs.get(run ?? -1)?.name : engine.keys.get(task);
  return (
    <>
      <strong><i class={`tl-dot hue-${hue}`} />{line(scene.store.functions[fn] ?? 'unknown function', 60)}</strong>
      <span class="tl-key">{key ? line(key, 60) : `task ${task}`}{scene.all && key ? ` · task ${task}` : ''}</span>
    </>
  );
}

function Ended({ control, row }: { control: Control; row: SpanRow }) {
  const { store } = control.scene;
  const run = Math.max(0, row.dur - row.startup - row.parked);
  const parts: [string, string, string][] = [];
  if (row.queue > row.fetch) parts.push(['queue', 'waited for a slot', duration(row.queue - row.fetch)]);
  if (row.fetch > 0) parts.push(['over', 'inputs and module', duration(row.fetch)]);
  if (row.startup > 0) parts.push(['over', row.flags & Flag.cold ? 'sandbox, module loaded' : 'sandbox', duration(row.startup)]);
  parts.push(['run', 'ran', duration(run)]);
  if (row.parked > 0) parts.push(['over', 'parked', duration(row.parked)]);
  if (row.store > 0) parts.push(['over', 'result stored', duration(row.store)]);
  const tone = row.state === State.failed ? 'bad' : row.state === State.retried ? 'warn' : '';
  return (
    <>
      <Head control={control} fn={row.function} task={row.task} run={row.run} />
      <span class={`tl-state ${tone}`}>
        {STATE_NAMES[row.state as 0] ?? 'ended'}{row.attempt > 1 ? `, attempt ${row.attempt}` : ''} · {duration(row.dur)}
      </span>
      <dl>{parts.map(([kind, what, time]) => [<dt key={`${what}t`} class={kind}>{what}</dt>, <dd key={what}>{time}</dd>])}</dl>
      <span class="tl-quiet">
        {row.lane === NO_LANE ? 'no slot' : line(laneName(store.lanes[row.lane]), 40)}
        {row.peak > 0 ? ` · ${bytes(row.peak)} memory` : ''}{row.output > 0 ? ` · ${bytes(row.output)} result` : ''}
      </span>
    </>
  );
}

function Running({ control, open }: { control: Control; open: Open }) {
  const { scene } = control;
  const since = open.start_us ? scene.now - (open.start_us - scene.store.baseUs) : null;
  return (
    <>
      <Head control={control} fn={open.function} task={open.task} run={open.run} />
      <span class="tl-state busy">{open.state === 'assigned' ? 'held ready by a worker' : open.state}{since === null ? '' : ` for ${duration(since)}`}</span>
    </>
  );
}

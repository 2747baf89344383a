// What is under the pointer, in words: where the task's time went, and how it ended.

import { NO_LANE, STATE_NAMES, Flag, State, type SpanRow } from '../data/block';
import type { Open } from '../data/feed';
import { bytes, duration } from '../ui/format';
import { HueMark } from '../ui/Hue';
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
  // Near the lower edge of the window it stands above the pointer.
  const y = shown.low ? `calc(${Math.round(shown.y - 10)}px - 100%)` : `${Math.round(shown.y + 14)}px`;
  return (
    <div class="tl-tip" style={{ transform: `translate(${Math.round(x)}px, ${y})` }} aria-hidden="true">
      {row ? <Ended control={control} row={row} /> : open && <Running control={control} open={open} />}
    </div>
  );
}

function Head({ control, fn, task, run }: { control: Control; fn: number; task: number; run: number | string | undefined }) {
  const { scene, engine } = control;
  const key = scene.all ? scene.store.runs.get(Number(run))?.name : engine.keys.get(task);
  return (
    <>
      <strong><HueMark hue={scene.hues[fn]} /> {line(scene.store.functions[fn] ?? 'unknown function', 60)}</strong>
      <span class="tl-key">{key ? line(key, 60) : `task ${task}`}{scene.all && key ? ` · task ${task}` : ''}</span>
    </>
  );
}

function Ended({ control, row }: { control: Control; row: SpanRow }) {
  const { store } = control.scene;
  const parts: [what: string, us: number, kind?: string][] = [
    ['waited for a slot', row.queue - row.fetch], ['inputs and module', row.fetch], [row.flags & Flag.cold ? 'sandbox, module loaded' : 'sandbox', row.startup],
    ['ran', Math.max(1e-3, row.dur - row.startup - row.parked), 'run'], ['parked', row.parked], ['result stored', row.store],
  ];
  const tone = row.state === State.failed ? 'bad' : row.state === State.retried ? 'warn' : '';
  return (
    <>
      <Head control={control} fn={row.function} task={row.task} run={row.run} />
      <span class={`tl-state ${tone}`}>
        {STATE_NAMES[row.state as 0] ?? 'ended'}{row.attempt > 1 ? `, attempt ${row.attempt}` : ''} · {duration(row.dur)}
      </span>
      <dl>{parts.map(([what, us, kind]) => us > 0 && <div key={what} class={kind}><dt>{what}</dt><dd>{duration(us)}</dd></div>)}</dl>
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

// The functions with their colours and how often they ran; a click shows one alone.

import { selection } from '../state/selection';
import { count } from '../ui/format';
import { HueMark } from '../ui/Hue';
import { line } from '../ui/text';
import type { Control } from './control';

const SHOWN = 14;

export function Legend({ control }: { control: Control }) {
  const { scene, engine } = control;
  void engine.seen.value;
  const only = selection.function.value;
  const { store } = scene;
  const order = store.functions.map((name, fn) => ({ name, fn, total: store.totals[fn]?.count ?? 0 })).sort((a, b) => b.total - a.total || a.fn - b.fn).filter((one) => one.total > 0 || !scene.all);
  const shown = order.slice(0, SHOWN);
  return (
    <div class="tl-legend" role="group" aria-label="Functions: press to show one alone">
      {shown.map(({ name, fn, total }) => (
        <button
          key={name} type="button" aria-pressed={only === name} class={only !== null && only !== name ? 'dim' : ''}
          onClick={() => (selection.function.value = only === name ? null : name)}
        >
          <HueMark hue={scene.hues[fn]} />
          <span>{line(name, 40)}</span> <small>{count(total)}</small>
        </button>
      ))}
      {order.length > SHOWN && <span class="tl-quiet">and {order.length - SHOWN} more</span>}
      <span class="tl-signs" aria-hidden="true"><i class="tl-dot bad" />failed <i class="tl-dot warn" />tried again <i class="tl-dot over" />fetch, start, store</span>
    </div>
  );
}

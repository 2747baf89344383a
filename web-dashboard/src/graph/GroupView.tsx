// The graph by function as SVG that can be read and reached by keys: boxes filled by their progress, edges as thick as they are many,
// the critical path marked.

import type { CriticalPath } from '../api/types';
import type { Counts } from '../api/types';
import { assignHues } from '../timeline/colours';
import { shortName } from '../timeline/paint';
import { count, duration, plural } from '../ui/format';
import { line } from '../ui/text';
import { BOX, criticalEdges, routeOf, edgeWidth, placeGroups, progressOf, type GroupGraph } from './groups';

interface Properties {
  graph: GroupGraph;
  /** Newer counts by call, while the run goes on. */
  counts: ReadonlyMap<string, Counts>;
  critical: CriticalPath | null;
  functions: readonly string[];
  selected: string | null;
  scale: number;
  onSelect: (call: string | null) => void;
  onOpen: (call: string) => void;
}

export function GroupView({ graph, counts, critical, functions, selected, scale, onSelect, onOpen }: Properties) {
  const { places, width, height } = placeGroups(graph);
  const hues = assignHues(functions);
  const hueOf = (call: string): number => hues[functions.indexOf(call)]?.hue ?? 0;
  const onPath = new Set(critical?.tasks.map((task) => task.call));
  const pathEdges = critical ? criticalEdges(critical.tasks.map((task) => task.call), graph.nodes) : new Set<string>();
  return (
    <svg class="graph-groups" width={width * scale} height={height * scale} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={`Graph by function: ${plural(graph.nodes.length, 'function')}, ${plural(graph.edges.length, 'edge')}`}>
      <defs>
        <marker id="graph-tip" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" class="graph-tip" /></marker>
        <marker id="graph-tip-critical" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" class="graph-tip critical" /></marker>
      </defs>
      {graph.edges.map(({ from, to, count: many }) => {
        const [a, b] = [places[from], places[to]];
        if (!a || !b) return null;
        const critical = pathEdges.has(`${from}/${to}`);
        const route = routeOf(a, b, places);
        return (
          <g key={`${from}/${to}`} class={`graph-edge ${critical ? 'critical' : ''}`}>
            <path d={route.path} stroke-width={edgeWidth(many)} marker-end={`url(#graph-tip${critical ? '-critical' : ''})`} />
            {many > 1 && <text x={route.words.x} y={route.words.y} text-anchor="middle">{`×${count(many)}`}</text>}
          </g>
        );
      })}
      {graph.nodes.map((node, n) => {
        const place = places[n]!;
        const done = progressOf(counts.get(node.call) ?? node.counts, node.tasks);
        const inner = BOX.width - 2;
        const w = (amount: number): number => (inner * amount) / done.total;
        const { succeeded, failed, running, total } = done;
        const figures = `${succeeded === total ? '' : `${count(succeeded)} / `}${count(total)}${failed > 0 ? ` · ✕ ${count(failed)}` : ''}${running > 0 ? ` · ▸ ${count(running)}` : ''}`;
        const name = line(shortName(node.call), 26);
        return (
          <g
            key={node.id} class={`graph-box hue-${hueOf(node.call)} ${selected === node.call ? 'selected' : ''} ${onPath.has(node.call) ? 'critical' : ''}`}
            transform={`translate(${place.x} ${place.y})`} role="button" tabindex={0} aria-pressed={selected === node.call}
            onClick={() => onSelect(selected === node.call ? null : node.call)} onDblClick={() => onOpen(node.call)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') onOpen(node.call);
              else if (event.key === ' ') onSelect(selected === node.call ? null : node.call);
              else return;
              event.preventDefault();
            }}
          >
            <title>{`${name} ${figures} succeeded, of ${line(node.call, 200)}`}</title>
            <rect class="graph-back" width={BOX.width} height={BOX.height} rx="7" />
            <rect class="graph-done" x="1" y={BOX.height - 13} width={w(done.succeeded)} height="7" />
            <rect class="graph-run" x={1 + w(done.succeeded)} y={BOX.height - 13} width={w(done.running)} height="7" />
            <rect class="graph-bad" x={1 + w(done.succeeded + done.running)} y={BOX.height - 13} width={Math.max(done.failed > 0 ? 3 : 0, w(done.failed))} height="7" />
            <rect class="graph-hue" width="5" height={BOX.height} rx="2.5" />
            <text class="graph-name" x="14" y="20">{name}</text>
            <text class="graph-count" x="14" y="37">{figures}</text>
          </g>
        );
      })}
      {critical && critical.total > 0 && <text class="graph-note" x={BOX.margin} y={height - 4}>{`Critical path: ${plural(critical.total, 'task')}, ${duration(critical.us)}`}</text>}
    </svg>
  );
}

// Where the drawn views come from.

import type { ComponentType } from 'preact';
import type { RunFeed } from '../data/feed';

const found = import.meta.glob<Record<string, unknown>>(['../timeline/Timeline.tsx', '../graph/GraphView.tsx', '../flame/FlameView.tsx'], { eager: true });
const part = <T,>(file: string, name: string) => found[file]?.[name] as T | undefined;

export const Timeline = part<ComponentType<{ feed: RunFeed; scope: 'run' | 'all' }>>('../timeline/Timeline.tsx', 'Timeline');
export const GraphView = part<ComponentType<{ feed: RunFeed }>>('../graph/GraphView.tsx', 'GraphView');
export const FlameView = part<ComponentType<{ run: string }>>('../flame/FlameView.tsx', 'FlameView');

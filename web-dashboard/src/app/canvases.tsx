// Where the drawn views come from.

import type { ComponentType } from 'preact';

export { GraphView } from '../graph/GraphView';
export { Timeline } from '../timeline/Timeline';

const found = import.meta.glob<Record<string, unknown>>('../flame/FlameView.tsx', { eager: true });
export const FlameView = found['../flame/FlameView.tsx']?.FlameView as ComponentType<{ run: string }> | undefined;

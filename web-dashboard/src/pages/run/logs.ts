// Lines of logs: from attempts to one list by time, and which of them are looked for.

import type { Logs } from '../../api/types';

export interface Line {
  id: string;
  key: string;
  attempt: number;
  at: string;
  level: string;
  message: string;
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

export function flatten(logs: Logs): Line[] {
  const lines = logs.attempts.flatMap(({ key, attempt, lines: own }) =>
    own.map((one, index) => ({ id: `${key} ${attempt} ${index}`, key, attempt, at: one.at, level: one.level, message: one.message })));
  // The times have one form, so their texts sort like them; lines of the same moment keep their order.
  return lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Lines of this level or worse whose message or task has the text. */
export function filterLines(lines: Line[], level: string, text: string): Line[] {
  const least = Math.max(LEVELS.indexOf(level), 0);
  const wanted = text.trim().toLowerCase();
  if (least === 0 && wanted === '') return lines;
  return lines.filter((one) => {
    const rank = LEVELS.indexOf(one.level);
    if (rank >= 0 && rank < least) return false;
    return wanted === '' || one.message.toLowerCase().includes(wanted) || one.key.toLowerCase().includes(wanted);
  });
}

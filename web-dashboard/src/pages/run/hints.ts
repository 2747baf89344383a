// What a reader should know about a run without searching for it, from its figures alone.

import type { RunDetail } from '../../api/types';
import { count, duration } from '../../ui/format';

export interface ServerLoad {
  slots: number;
  busy: number;
  queued: number;
}

const SHORT_US = 1000;
const MANY = 200;
const STRAGGLER = 10;

export function hintsOf(run: RunDetail, load: ServerLoad | null): string[] {
  const hints: string[] = [];
  for (const one of run.functions) {
    const ran = one.counts.succeeded ?? 0;
    const times = one.run_us;
    if (!times || ran < 20) continue;
    if (times.p50 < SHORT_US / 10 && ran >= MANY && times.p95 < SHORT_US) {
      hints.push(`${one.call}: half of ${count(ran)} calls take less than ${duration(times.p50 + 1)}; doing more in each call would cost less for each.`);
    }
    if (times.max > STRAGGLER * times.p95 && times.max > 50_000) {
      hints.push(`${one.call}: the longest call took ${duration(times.max)}, ${count(times.max / Math.max(times.p95, 1))} times the 95th percentile.`);
    }
  }
  if ((run.counts['no-worker'] ?? 0) > 0) {
    hints.push(`${count(run.counts['no-worker'])} tasks fit on no worker that is there; open one to see why.`);
  }
  if (run.state === 'running' && load && load.queued > load.slots && load.busy < load.slots / 2) {
    hints.push(`Only ${count(load.busy)} of ${count(load.slots)} slots are busy although ${count(load.queued)} tasks are queued.`);
  }
  return hints.slice(0, 5);
}

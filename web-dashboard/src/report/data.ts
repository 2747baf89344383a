// What a report carries, and a feed made of it that asks nobody. The data is text that others wrote: it is read, never believed.

import type { CriticalPath, FailureGroup, RunDetail } from '../api/types';
import { decodeBlock } from '../data/block';
import { RunFeed } from '../data/feed';
import { TaskKeys } from '../data/keys';
import type { Manifest } from '../data/messages';
import type { GroupGraph } from '../graph/groups';

export interface ReportData {
  readonly run: RunDetail;
  readonly manifest: Manifest;
  /** Base64 of each block. */
  readonly blocks: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly failures: { readonly groups: readonly FailureGroup[]; readonly total: number } | null;
  readonly graph: GroupGraph | null;
  readonly critical_path: CriticalPath | null;
}

/** The data in the page, or null in a viewer that nobody filled. */
export function readData(page: Document): ReportData | null {
  const text = page.getElementById('wask-data')?.textContent ?? 'null';
  const data: unknown = JSON.parse(text);
  if (typeof data !== 'object' || data === null || !('run' in data) || !('manifest' in data)) return null;
  return data as ReportData;
}

export function bytesOf(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

/** A feed that is complete and is never started; what cannot be read is told. */
export function feedOf(data: ReportData): { feed: RunFeed; faults: string[] } {
  const feed = new RunFeed(data.run.id);
  const { store } = feed;
  const faults: string[] = [];
  store.setBase(data.manifest.base_us);
  store.setNames(data.manifest.functions, data.manifest.lanes);
  for (const base64 of data.blocks) {
    try {
      const block = decodeBlock(bytesOf(base64));
      if (block.count === data.manifest.block && block.first % data.manifest.block === 0) store.addSealed(block);
      else store.append(block);
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  feed.names.value++;
  return { feed, faults };
}

/** Keys out of the report itself. */
export function keysOf(data: ReportData): TaskKeys {
  return new TaskKeys((places) => Promise.resolve(new Map(places.flatMap((place) => {
    const key = data.names[String(place)];
    return key === undefined ? [] : [[place, key] as const];
  }))));
}

// Tables: sorting by a click on a head, only the rows in sight drawn when there are many, cards on narrow screens. The rows come from
// outside; `onEnd` asks for more of them.

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from '../state/hooks';

export interface Column<T> {
  id: string;
  head: string;
  cell: (row: T) => ComponentChildren;
  /** What rows are sorted by; without it the column does not sort. */
  sort?: (row: T) => number | string | null;
  end?: boolean;
  /** Takes the room that is left, and is cut where it does not fit. */
  grow?: boolean;
}

interface Properties<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string | number;
  /** How many there are, when not all of them are loaded. */
  total?: number;
  onEnd?: (() => void) | undefined;
  selected?: string | number | null;
}

const ROW_PX = 36;
const VIRTUAL_FROM = 80;
const AROUND = 12;
const narrow = typeof matchMedia === 'undefined' ? null : matchMedia('(max-width: 599.9px)');

/** Rows with a value first, by it; the others keep their order at the end. */
export function sortRows<T>(rows: T[], by: (row: T) => number | string | null, down: boolean): T[] {
  const sign = down ? -1 : 1;
  return rows
    .map((row, index) => ({ row, index, value: by(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return a.value === b.value ? a.index - b.index : a.value === null ? 1 : -1;
      const order = typeof a.value === 'number' && typeof b.value === 'number' ? a.value - b.value : String(a.value).localeCompare(String(b.value), 'en', { numeric: true });
      return order === 0 ? a.index - b.index : sign * order;
    })
    .map(({ row }) => row);
}

export function DataTable<T>({ label, rows, columns, rowKey, total, onEnd, selected = null }: Properties<T>) {
  const [sorting, setSorting] = useState<{ id: string; down: boolean } | null>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [cards, setCards] = useState(narrow?.matches ?? false);
  const box = useRef<HTMLDivElement>(null);

  const column = columns.find((one) => one.id === sorting?.id);
  const shown = useMemo(() => {
    const by = column?.sort;
    return by && sorting ? sortRows(rows, by, sorting.down) : rows;
  }, [rows, column?.id, sorting?.down]);

  const rowPx = cards ? 48 + 22 * Math.ceil((columns.length - 1) / 2) : ROW_PX;
  const virtual = shown.length > VIRTUAL_FROM;
  const first = virtual ? Math.max(0, Math.floor(view.top / rowPx) - AROUND) : 0;
  const after = virtual ? Math.min(shown.length, Math.ceil((view.top + view.height) / rowPx) + AROUND) : shown.length;

  useEffect(() => {
    const changed = () => setCards(narrow?.matches ?? false);
    narrow?.addEventListener('change', changed);
    return () => narrow?.removeEventListener('change', changed);
  }, []);

  useEffect(() => {
    if (virtual && after >= shown.length - 2 * AROUND) onEnd?.();
  }, [virtual, after, shown.length, onEnd]);

  const scrolled = () => {
    const element = box.current;
    if (element && virtual) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(scrolled, [virtual]);

  const click = (id: string) => setSorting((before) => (before?.id !== id ? { id, down: false } : before.down ? null : { id, down: true }));

  return (
    <div class={`table-box ${virtual ? 'virtual' : ''} ${cards ? 'cards' : ''}`} ref={box} onScroll={scrolled} {...(virtual ? { tabIndex: 0 } : {})} role="region" aria-label={label}>
      <table aria-rowcount={(total ?? shown.length) + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((one) => (
              <th key={one.id} scope="col" class={cell(one)} {...(sorting?.id === one.id ? { 'aria-sort': sorting.down ? 'descending' : 'ascending' } as const : {})}>
                {one.sort ? (
                  <button type="button" onClick={() => click(one.id)}>
                    {one.head}<span aria-hidden="true">{sorting?.id === one.id ? (sorting.down ? ' ↓' : ' ↑') : ''}</span>
                  </button>
                ) : one.head || <span class="unseen">Actions</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr class="space" aria-hidden="true"><td colSpan={columns.length} style={{ height: `${first * rowPx}px` }} /></tr>}
          {shown.slice(first, after).map((row, index) => (
            <tr key={rowKey(row)} aria-rowindex={first + index + 2} class={rowKey(row) === selected ? 'selected' : ''} style={virtual && cards ? { height: `${rowPx - 8}px` } : {}}>
              {columns.map((one) => <td key={one.id} class={cell(one)} data-head={one.head}>{one.cell(row)}</td>)}
            </tr>
          ))}
          {after < shown.length && <tr class="space" aria-hidden="true"><td colSpan={columns.length} style={{ height: `${(shown.length - after) * rowPx}px` }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function cell<T>(column: Column<T>): string {
  return `${column.end ? 'end' : ''} ${column.grow ? 'grow' : ''}`.trim();
}

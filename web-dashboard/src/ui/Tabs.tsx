// Tabs after the ARIA pattern: one stop for Tab, arrows, Home and End between them.

import type { ComponentChildren } from 'preact';
import { useRef } from '../state/hooks';
import { useInSight } from './useInSight';

export interface Tab {
  id: string;
  label: ComponentChildren;
}

export function Tabs({ tabs, current, onSelect, label, children }: {
  tabs: Tab[]; current: string; onSelect: (id: string) => void; label: string; children: ComponentChildren;
}) {
  const list = useRef<HTMLDivElement>(null);
  useInSight(list, '[aria-selected=true]', current);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = (to + tabs.length) % tabs.length;
    const next = tabs[index];
    if (!next) return;
    onSelect(next.id);
    const button = list.current?.children[index];
    if (button instanceof HTMLElement) button.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.id} type="button" role="tab" id={`tab-${tab.id}`} aria-controls="tab-panel" aria-selected={tab.id === current}
            tabIndex={tab.id === current ? 0 : -1} onClick={() => onSelect(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${current}`} class="tab-panel">{children}</div>
    </>
  );
}

// A button that opens a short list of actions, after the ARIA pattern: arrows move, Esc closes and gives the focus back.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from '../state/hooks';
import { Icon } from './Icon';

export interface MenuItem {
  label: string;
  hint?: string;
  run: () => void;
  disabled?: boolean;
}

export function Menu({ label, items }: { label: ComponentChildren; items: MenuItem[] }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  const keys = (event: KeyboardEvent) => {
    if (!open) return;
    const all = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = all.findIndex((item) => item === document.activeElement);
    if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false);
      if (event.key === 'Escape') {
        event.stopPropagation();
        button.current?.focus();
      }
      return;
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };

  return (
    <div class="menu" ref={root} onKeyDown={keys}>
      <button ref={button} type="button" class="button" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        {label}<Icon name="down" />
      </button>
      {open && (
        <div class="menu-list" role="menu">
          {items.map((item) => (
            <button
              key={item.label} type="button" role="menuitem" tabIndex={-1} disabled={item.disabled ?? false}
              onClick={() => { setOpen(false); button.current?.focus(); item.run(); }}
            >
              <span>{item.label}</span>
              {item.hint && <small>{item.hint}</small>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

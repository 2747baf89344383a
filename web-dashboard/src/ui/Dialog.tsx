// Modal dialogs: the browser's own element, which keeps the focus inside; the focus goes back to where it was.

import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo } from '../state/hooks';
import { Icon } from './Icon';

interface Properties {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  class?: string;
}

export function Dialog({ title, onClose, children, class: extra = '' }: Properties) {
  const kept = useMemo<{ before: Element | null; dialog: HTMLDialogElement | null }>(() => ({ before: document.activeElement, dialog: null }), []);
  // As soon as it is there, before the next key arrives: what is typed at once is typed here.
  const open = useCallback((dialog: HTMLDialogElement | null) => {
    if (!dialog) return;
    kept.dialog = dialog;
    dialog.showModal();
  }, []);
  useEffect(() => () => {
    kept.dialog?.close();
    if (kept.before instanceof HTMLElement && kept.before.isConnected) kept.before.focus();
  }, []);
  return (
    <dialog
      ref={open} class={`dialog ${extra}`} aria-label={title}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onMouseDown={(event) => { if (event.target === event.currentTarget) onClose(); }}
    >
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}><Icon name="close" /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

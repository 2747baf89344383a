// The frame around every page: skip link, bar with the pages, the banner of a lost connection, messages, and the words screen readers
// hear. The pages themselves know nothing of it.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from '../state/hooks';
import { contact } from '../api/client';
import { setToken, token, tokenWanted } from '../api/token';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { plain } from '../ui/text';
import { useInSight } from '../ui/useInSight';
import { useNow } from '../ui/useNow';
import { ConfirmDialog } from './confirm';
import { paletteOpen, setSingleKeys, sheetOpen, singleKeys } from './keys';
import { feedStale } from './live';
import { Palette } from './Palette';
import { route } from './router';
import { nextTheme, theme } from './theme';
import { dismiss, spoken, toasts } from './toasts';

const PAGES: [page: string, href: string, name: string][] = [
  ['overview', '/', 'Overview'], ['runs', '/runs', 'Runs'], ['workers', '/workers', 'Workers'],
  ['modules', '/modules', 'Modules'], ['sync', '/sync', 'Sync & actors'], ['api', '/api', 'API'],
];
const FAMILY: Record<string, string> = { run: 'runs', module: 'modules' };

export function Frame({ children }: { children: ComponentChildren }) {
  const page = route.value.page;
  const family = FAMILY[page] ?? page;
  const nav = useRef<HTMLElement>(null);
  useInSight(nav, '[aria-current]', family);
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="bar">
        <a class="brand" href="/" aria-label="Wask, overview">
          <svg width="22" height="22" aria-hidden="true"><use href="#i-brand" /></svg>
          <span>Wask</span>
        </a>
        <nav aria-label="Pages" ref={nav}>
          {PAGES.map(([id, href, name]) => <a key={id} href={href} {...(id === family ? { 'aria-current': 'page' as const } : {})}>{name}</a>)}
        </nav>
        <div class="bar-tools">
          <button type="button" class="find" onClick={() => (paletteOpen.value = true)} title="Search and commands (Ctrl K, or ⌘ K)">
            <Icon name="search" /><span>Search</span><kbd>Ctrl K</kbd>
          </button>
          <button type="button" class="icon-button" onClick={() => (sheetOpen.value = true)} aria-label="Keyboard" title="Keyboard (?)"><Icon name="keyboard" /></button>
          <button type="button" class="icon-button" onClick={nextTheme} aria-label={`Theme: ${theme.value}`} title={`Theme: ${theme.value} (t)`}>
            <Icon name={theme.value === 'light' ? 'sun' : theme.value === 'dark' ? 'moon' : 'auto'} />
          </button>
        </div>
      </header>
      <Stale />
      <main id="main" tabIndex={-1}>{children}</main>
      <div class="toasts" aria-live="polite" role="status">
        {toasts.value.map((one) => (
          <div key={one.id} class={`toast ${one.tone}`}>
            <span>{plain(one.text)}{one.link && <> <a href={one.link.href}>{one.link.text}</a></>}</span>
            <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(one.id)}><Icon name="close" /></button>
          </div>
        ))}
      </div>
      <div class="unseen" aria-live="polite">{spoken.value}</div>
      {paletteOpen.value && <Palette />}
      {sheetOpen.value && <KeySheet />}
      {tokenWanted.value && <TokenDialog />}
      <ConfirmDialog />
    </>
  );
}

/** Everything stays on the page while the server is away; this says how old it is. */
function Stale() {
  const since = feedStale.value ?? (contact.value.lostSince === null ? null : contact.value.last);
  const now = useNow(since === null ? null : 1000);
  if (since === null) return null;
  const seconds = Math.max(1, Math.round((now - since) / 1000));
  return <div class="stale" role="status"><span class="pulse" aria-hidden="true" />last update {seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} ago, reconnecting…</div>;
}

function KeySheet() {
  const sheet = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const words = document.getElementById('key-sheet');
    if (words instanceof HTMLTemplateElement) sheet.current?.append(words.content.cloneNode(true));
  }, []);
  return (
    <Dialog title="Keyboard and pointer" onClose={() => (sheetOpen.value = false)} class="wide">
      <div class="key-sheet" ref={sheet} />
      <label class="check"><input type="checkbox" checked={singleKeys.value} onChange={(event) => setSingleKeys(event.currentTarget.checked)} /> Single keys act (Ctrl K always does)</label>
    </Dialog>
  );
}

function TokenDialog() {
  const [text, setText] = useState('');
  return (
    <Dialog title="This server asks for its token" onClose={() => (tokenWanted.value = false)}>
      <form onSubmit={(event) => { event.preventDefault(); setToken(text.trim()); location.reload(); }}>
        <p>It was chosen when the server was started (<code>--token</code>). It is kept for this tab only.</p>
        {token.value && <p class="bad" role="alert">That is not the token of this server.</p>}
        <label class="field"><span>Token</span><input type="password" autocomplete="off" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <footer class="dialog-actions"><button type="submit" class="button primary" disabled={text.trim() === ''}>Use it</button></footer>
      </form>
    </Dialog>
  );
}

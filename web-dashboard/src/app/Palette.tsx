// The command palette: pages, actions, runs, modules, and tasks of the run that is looked at, by typing.

import { useEffect, useRef, useState } from '../state/hooks';
import { get, isAbort } from '../api/client';
import type { Module, Page, Run } from '../api/types';
import { openTask } from '../state/task';
import { Dialog } from '../ui/Dialog';
import { Icon } from '../ui/Icon';
import { StateGlyph } from '../ui/State';
import { line } from '../ui/text';
import { runDemo } from './demo';
import { paletteOpen, sheetOpen } from './keys';
import { best } from './match';
import { modulePath, navigate, route, runPath, setQuery } from './router';
import { setTheme } from './theme';

interface Command {
  text: string;
  kind: string;
  state?: string;
  run: () => void;
}

const PAGES: Command[] = [
  ['Overview', '/'], ['Runs', '/runs'], ['Workers', '/workers'], ['Modules', '/modules'], ['Sync & actors', '/sync'], ['API', '/api'],
].map(([text, href]) => ({ text: text ?? '', kind: 'page', run: () => navigate(href ?? '/') }));

const ACTIONS: Command[] = [
  { text: 'Run demo graph', kind: 'action', run: () => void runDemo() },
  { text: 'Theme: light', kind: 'action', run: () => setTheme('light') },
  { text: 'Theme: dark', kind: 'action', run: () => setTheme('dark') },
  { text: 'Theme: auto', kind: 'action', run: () => setTheme('auto') },
  { text: 'Keyboard and pointer', kind: 'action', run: () => { sheetOpen.value = true; } },
];

export function Palette() {
  const [wanted, setWanted] = useState('');
  const [found, setFound] = useState<Command[]>([]);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const here = route.value;

  useEffect(() => {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      look(wanted, controller.signal).then(setFound, (error: unknown) => { if (!isAbort(error)) setFound([]); });
    }, wanted ? 120 : 0);
    return () => { clearTimeout(timer); controller.abort(); };
  }, [wanted]);

  const commands = best([...PAGES, ...ACTIONS], wanted, (one) => one.text, 12);
  if (here.page === 'run') {
    const tabs = ['timeline', 'graph', 'tasks', 'failures', 'logs', 'profile'].map((tab) => ({ text: `Tab: ${tab}`, kind: 'run', run: () => setQuery({ tab }) }));
    commands.unshift(...best(tabs, wanted, (one) => one.text, 3).filter(() => wanted !== ''));
  }
  const all = [...commands, ...found];
  // Last, because any text may be a key.
  if (here.page === 'run' && wanted.trim()) all.push({ text: `Open task ${wanted.trim()}`, kind: 'task', run: () => openTask(wanted.trim()) });
  const current = Math.min(at, all.length - 1);

  const close = () => (paletteOpen.value = false);
  const act = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = (current + step + all.length) % Math.max(all.length, 1);
      setAt(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      act(all[current]);
    }
  };

  return (
    <Dialog title="Search and commands" onClose={close} class="palette">
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label="Search" autofocus autocomplete="off" spellcheck={false}
          {...(all.length > 0 ? { 'aria-activedescendant': `palette-${current}` } : {})}
          placeholder="Pages, runs, modules, actions…" value={wanted} onKeyDown={keys}
          onInput={(event) => { setWanted(event.currentTarget.value); setAt(0); }}
        />
      </div>
      <ul id="palette-list" role="listbox" aria-label="Found" ref={list}>
        {all.map((command, index) => (
          <li
            key={`${command.kind}${command.text}${index}`} id={`palette-${index}`} role="option" aria-selected={index === current}
            onPointerMove={() => setAt(index)} onClick={() => act(command)}
          >
            {command.state ? <StateGlyph state={command.state} /> : null}
            <span>{line(command.text)}</span><small>{command.kind}</small>
          </li>
        ))}
        {all.length === 0 && <li class="quiet">Nothing is called that.</li>}
      </ul>
    </Dialog>
  );
}

/** Runs and modules the server knows by that name. */
async function look(wanted: string, signal: AbortSignal): Promise<Command[]> {
  const name = wanted.trim();
  const [runs, modules] = await Promise.all([
    get<Page<Run>>('/runs', { limit: 8, name }, signal),
    get<Page<Module>>('/modules', {}, signal),
  ]);
  const known = runs.items.map((run): Command => ({ text: `${run.name ?? 'run'} · ${run.id}`, kind: 'run', state: run.state, run: () => navigate(runPath(run.id)) }));
  const calls = modules.items.flatMap((module): Command[] => {
    const reference = module.name ?? module.id;
    const functions = module.functions.map((one): Command => ({
      text: `${reference}/${one.name}`, kind: 'function', run: () => navigate(`${modulePath(reference)}?fn=${encodeURIComponent(one.name)}`),
    }));
    return [{ text: reference, kind: 'module', run: () => navigate(modulePath(reference)) }, ...functions];
  });
  return [...known, ...best(calls, name, (one) => one.text, name ? 12 : 4)];
}

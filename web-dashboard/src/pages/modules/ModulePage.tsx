// A module: what it is, and each of its functions with signature, defaults, run times and a form to call it.

import { useEffect, useMemo, useRef } from '../../state/hooks';
import { ask, path } from '../../api/client';
import { useResource } from '../../api/resource';
import type { FunctionDurations, Module, ModuleFunction } from '../../api/types';
import { confirm } from '../../app/confirm';
import { navigate, setQuery } from '../../app/router';
import { title } from '../../app/title';
import { tellError, toast } from '../../app/toasts';
import { CallForm } from '../../form/CallForm';
import { typeWord } from '../../form/Fields';
import { shapeOf } from '../../form/shape';
import { queryParam } from '../../state/query';
import { bytes, bothTimes, count, dateTime, duration, percent, plural } from '../../ui/format';
import { Histogram } from '../../ui/Charts';
import { CopyButton } from '../../ui/Copy';
import { Icon } from '../../ui/Icon';
import { Facts, Loading, Problem } from '../../ui/Notice';
import { line, plain } from '../../ui/text';
import { Words } from '../../ui/Words';
import { download } from '../run/download';
import { ActorForm } from './ActorForm';

const picked = queryParam('fn');

export function ModulePage({ reference }: { reference: string }) {
  const where = path('/modules', reference);
  const known = useResource<Module>(where);
  const durations = useResource<{ functions: FunctionDurations[] }>(`${where}/durations`, { every: 5000 });
  const module = known.data;
  useEffect(() => { title.value = `module ${module?.name ?? reference}`; }, [module?.name]);
  const { plain: functions, classes } = useMemo(() => sorted(module?.functions ?? []), [module]);
  if (!module) return known.error ? <div class="page"><Problem error={known.error} retry={known.reload} /></div> : <Loading what="Module" />;
  const name = module.name ?? module.id;
  const remove = async () => {
    const sure = await confirm({ title: 'Delete this module?', text: `${name} goes under all its names. A module that an unfinished run needs cannot be deleted.`, act: 'Delete the module', danger: true });
    if (sure === null) return;
    try {
      await ask(path('/modules', module.id), { method: 'DELETE' });
      toast({ text: `${name} was deleted` });
      navigate('/modules', { replace: true });
    } catch (error) {
      tellError(error);
    }
  };
  const timesOf = (one: ModuleFunction) => durations.data?.functions.find((own) => own.name === one.name) ?? null;
  const open = picked.value;
  return (
    <div class="page">
      <header class="page-head">
        <h1>{line(name, 80)}</h1>
        <span class={`chip ${module.pure ? 'good' : 'idle'}`}>{module.pure ? 'pure' : 'not pure'}</span>
        <span class="id"><code title={module.id}>{module.id.slice(0, 16)}…</code><CopyButton text={module.id} label="Copy the module's id" /></span>
        <div class="actions">
          <button type="button" class="button" onClick={() => void download(`${where}/wasm`, `${module.name ?? module.id.slice(0, 12)}.wasm`)}><Icon name="download" />Download</button>
          <button type="button" class="button" onClick={() => void remove()}><Icon name="trash" />Delete</button>
        </div>
      </header>
      <section class="card">
        <Facts rows={[
          ['Size', bytes(module.size)],
          ['Uploaded', <time key="t" dateTime={module.created_at} title={bothTimes(module.created_at)}>{dateTime(module.created_at)}</time>],
          ['Names', module.names.map((one) => line(one, 60)).join(', ') || '–'],
          ['Asks the host for', module.imports.length > 0 ? <span class="keys">{module.imports.map((one) => <span key={one} class="tag">{line(one, 40)}</span>)}</span> : 'nothing'],
        ]} />
        <p class="quiet">{module.pure ? 'The result of a call is remembered: the same arguments run once.' : 'It asks for what may differ between two calls, so each call runs.'}</p>
      </section>
      {functions.map((one) => <FunctionCard key={one.name} module={name} of={one} times={timesOf(one)} open={open === one.name || (open === null && functions.length === 1)} />)}
      {classes.map((one) => <ActorCard key={one.maker.name} module={name} maker={one.maker} methods={one.methods} open={open === one.maker.name} />)}
    </div>
  );
}

/** Functions, and the classes of actors with their methods. */
function sorted(all: ModuleFunction[]): { plain: ModuleFunction[]; classes: { maker: ModuleFunction; methods: ModuleFunction[] }[] } {
  const isMaker = (one: ModuleFunction) => typeof one.result.schema === 'object' && one.result.schema['x-wask-actor'] === true;
  const makers = all.filter(isMaker);
  const ownerOf = (one: ModuleFunction) => makers.find((maker) => one.name.startsWith(`${maker.name}.`));
  return {
    plain: all.filter((one) => !isMaker(one) && !ownerOf(one)),
    classes: makers.map((maker) => ({ maker, methods: all.filter((one) => ownerOf(one) === maker) })),
  };
}

function Signature({ of }: { of: ModuleFunction }) {
  const result = shapeOf(of.result.schema);
  const word = of.result.raw ? (of.result.media_type ?? 'bytes') : typeWord(result);
  return (
    <code class="signature">
      <b>{line(of.name, 80)}</b>({of.params.map((one, index) => <span key={one.name}>{index > 0 && ', '}{line(one.name, 60)}: <i>{plain(one.raw ? 'bytes' : typeWord(shapeOf(one.schema)))}</i></span>)}) → <i>{plain(result.nullable && !of.result.raw ? `${word}?` : word)}</i>
    </code>
  );
}

function FunctionCard({ module, of, times, open }: { module: string; of: ModuleFunction; times: FunctionDurations | null; open: boolean }) {
  const run = times?.run_us ?? null;
  const defaults = defaultsOf(of);
  const card = useRef<HTMLElement>(null);
  useEffect(() => { if (open && picked.peek() !== null) card.current?.scrollIntoView({ block: 'start' }); }, []);
  return (
    <section class={`card function ${open ? 'open' : ''}`} ref={card}>
      <Signature of={of} />
      {of.doc && <p class="doc"><Words text={of.doc} /></p>}
      {defaults && <p class="quiet">By default: {defaults}</p>}
      {times && times.count > 0 && (
        <div class="durations">
          <Facts rows={[
            ['Calls', count(times.count)], ['Failed', times.failed > 0 ? <b class="bad">{count(times.failed)} ({percent(times.failed, times.count)})</b> : '0'],
            ['p50', duration(run?.p50)], ['p95', duration(run?.p95)], ['p99', duration(run?.p99)], ['longest', duration(run?.max)],
          ]} />
          <Histogram bins={times.histogram} />
        </div>
      )}
      {open ? <CallForm key={of.name} module={module} of={of} /> : <button type="button" class="button small" onClick={() => setQuery({ fn: of.name }, { push: true })}><Icon name="play" />Call it</button>}
    </section>
  );
}

function ActorCard({ module, maker, methods, open }: { module: string; maker: ModuleFunction; methods: ModuleFunction[]; open: boolean }) {
  return (
    <section class="card function">
      <p class="quiet">Actor, {plural(methods.length, 'method')}</p>
      <code class="signature"><b>{line(maker.name, 80)}</b>({maker.params.map((one) => line(one.name, 60)).join(', ')})</code>
      {maker.doc && <p class="doc"><Words text={maker.doc} /></p>}
      <ul class="methods">
        {methods.map((one) => <li key={one.name}><Signature of={{ ...one, name: one.name.slice(maker.name.length + 1) }} />{one.doc && <span class="quiet"> <Words text={one.doc} /></span>}</li>)}
      </ul>
      {open ? <ActorForm module={module} maker={maker} /> : <button type="button" class="button small" onClick={() => setQuery({ fn: maker.name }, { push: true })}><Icon name="plus" />Make one</button>}
    </section>
  );
}

function defaultsOf(of: ModuleFunction): string {
  const { retries, timeout_ms, memory_max_bytes } = of.defaults;
  return [
    retries ? plural(retries, 'retry', 'retries') : '',
    timeout_ms ? `at most ${duration(timeout_ms * 1000)}` : '',
    memory_max_bytes ? `${bytes(memory_max_bytes)} of memory` : '',
  ].filter((one) => one !== '').join(', ');
}

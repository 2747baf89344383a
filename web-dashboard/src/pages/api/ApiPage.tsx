// The HTTP API, as the server itself describes it: by topic, with a way to try each operation.

import { useEffect, useMemo, useRef } from '../../state/hooks';
import { useResource } from '../../api/resource';
import { setQuery } from '../../app/router';
import { queryParam } from '../../state/query';
import { count } from '../../ui/format';
import { Code } from '../../ui/Copy';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { Search } from '../../ui/Search';
import { plain } from '../../ui/text';
import { Words } from '../../ui/Words';
import { byTag, type Document, mentioned, type Operation, readDocument, schemaText } from './openapi';
import { TryIt } from './TryIt';

const words = queryParam('q');
const shown = queryParam('op');

export function ApiPage() {
  const known = useResource<unknown>('/openapi.json');
  const document = useMemo(() => (known.data ? readDocument(known.data) : null), [known.data]);
  if (!document) return known.error ? <Problem error={known.error} retry={known.reload} /> : <Loading what="API" />;
  const wanted = (words.value ?? '').toLowerCase();
  const operations = document.operations.filter((one) => `${one.method} ${one.path} ${one.summary} ${one.tag}`.toLowerCase().includes(wanted));
  return (
    <div class="page api-page">
      <header class="page-head">
        <h1>API</h1>
        <span class="quiet">version {plain(document.version)}, {count(operations.length)} operations · <a href="/openapi.json" target="_blank" rel="noopener">openapi.json</a></span>
        <div class="filters"><Search label="Operation" placeholder="Path or words…" value={words.value ?? ''} onChange={(text) => setQuery({ q: text })} /></div>
      </header>
      <p class="quiet">{plain(document.description)} All paths are below <code>{plain(document.base)}</code>.</p>
      {operations.length === 0 && <Empty title="No operation fits" />}
      {byTag(operations).map(([tag, own]) => (
        <section key={tag} class="card flush">
          <h2 class="tag-name">{plain(tag)}</h2>
          {own.map((one) => <OperationRow key={one.id} operation={one} document={document} open={shown.value === one.id} />)}
        </section>
      ))}
    </div>
  );
}

function OperationRow({ operation, document, open }: { operation: Operation; document: Document; open: boolean }) {
  const row = useRef<HTMLDivElement>(null);
  // A link to an operation shows it.
  useEffect(() => { if (open) row.current?.scrollIntoView({ block: 'start' }); }, []);
  return (
    <div class={`operation ${open ? 'open' : ''}`} ref={row}>
      <button type="button" class="operation-head" aria-expanded={open} onClick={() => setQuery({ op: open ? null : operation.id })}>
        <span class={`method ${operation.method.toLowerCase()}`}>{operation.method}</span>
        <code>{plain(operation.path)}</code>
        <span class="summary"><Words text={operation.summary} /></span>
      </button>
      {open && <Details operation={operation} document={document} />}
    </div>
  );
}

function Details({ operation, document }: { operation: Operation; document: Document }) {
  const good = operation.answers.filter((one) => /^[123]/.test(one.status));
  const bad = operation.answers.filter((one) => !/^[123]/.test(one.status));
  return (
    <div class="operation-body">
      {operation.doc && <p><Words text={operation.doc} /></p>}
      {operation.parameters.length > 0 && (
        <>
          <h3>Parameters</h3>
          <dl class="parameters">
            {operation.parameters.map((one) => (
              <div key={one.in + one.name}><dt><code>{plain(one.name)}</code> <small>{one.in}{one.required ? '' : ', optional'}, {plain(one.type)}</small></dt><dd><Words text={one.doc} /></dd></div>
            ))}
          </dl>
        </>
      )}
      {operation.body && (
        <>
          <h3>Body <small>{operation.body.types.join(', ')}{operation.body.required ? '' : ', optional'}</small></h3>
          <Types schema={operation.body.schema} document={document} />
        </>
      )}
      <h3>Answers</h3>
      {good.map((one) => (
        <div key={one.status} class="answer">
          <p><b>{one.status}</b> <Words text={one.doc} /> <small class="quiet">{one.types.join(', ')}</small></p>
          <Types schema={one.schema} document={document} />
        </div>
      ))}
      {bad.length > 0 && (
        <details>
          <summary>Errors: {bad.map((one) => one.status).join(', ')}</summary>
          {bad.map((one) => <p key={one.status}><b>{one.status}</b> <Words text={one.doc} /></p>)}
        </details>
      )}
      <TryIt operation={operation} document={document} />
    </div>
  );
}

function Types({ schema, document }: { schema: Operation['answers'][number]['schema']; document: Document }) {
  const text = useMemo(() => {
    if (!schema) return '';
    const own = schemaText(schema);
    const named = mentioned(schema, document.schemas).slice(0, 12).map(([name, one]) => `${name} = ${one}`);
    // A body that is just one named type says nothing that its definition does not.
    return (/^\w+$/.test(own) && named.length > 0 ? named : [own, ...named]).join('\n\n');
  }, [schema, document]);
  return text ? <Code text={text} label="Copy the types" /> : null;
}

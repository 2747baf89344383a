// All modules, and uploading more of them by the file picker or by dropping files on the page.

import { useRef, useState } from '../../state/hooks';
import { useResource } from '../../api/resource';
import type { Module, Page } from '../../api/types';
import { modulePath } from '../../app/router';
import { ago, bothTimes, bytes, count } from '../../ui/format';
import { Icon } from '../../ui/Icon';
import { Code } from '../../ui/Copy';
import { Empty, Loading, Problem } from '../../ui/Notice';
import { type Column, DataTable } from '../../ui/Table';
import { line } from '../../ui/text';
import { uploadModules } from './upload';

const COLUMNS: Column<Module>[] = [
  { id: 'name', head: 'Name', grow: true, cell: (module) => <a href={modulePath(module.name ?? module.id)}>{line(module.name ?? module.id.slice(0, 16), 80)}</a>, sort: (module) => module.name ?? module.id },
  { id: 'functions', head: 'Functions', cell: (module) => <span class="ellipsis">{line(module.functions.map((one) => one.name).join(', '), 90)}</span>, sort: (module) => module.functions.length },
  { id: 'pure', head: 'Pure', cell: (module) => (module.pure ? 'pure' : <span class="quiet">not pure</span>), sort: (module) => (module.pure ? 0 : 1) },
  { id: 'size', head: 'Size', end: true, cell: (module) => bytes(module.size), sort: (module) => module.size },
  { id: 'created', head: 'Uploaded', end: true, cell: (module) => <time dateTime={module.created_at} title={bothTimes(module.created_at)}>{ago(module.created_at)}</time>, sort: (module) => Date.parse(module.created_at) },
  { id: 'id', head: 'Id', cell: (module) => <code title={module.id}>{module.id.slice(0, 12)}</code> },
];

export function Modules() {
  const known = useResource<Page<Module>>('/modules', { every: 10_000 });
  const modules = known.data?.items ?? [];
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const upload = (files: FileList | null | undefined) => { if (files && files.length > 0) void uploadModules([...files], known.reload); };
  return (
    <div
      class={`page drop ${over ? 'over' : ''}`}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={(event) => { if (event.currentTarget === event.target) setOver(false); }}
      onDrop={(event) => { event.preventDefault(); setOver(false); upload(event.dataTransfer?.files); }}
    >
      <header class="page-head">
        <h1>Modules</h1>
        <span class="quiet">{known.data ? count(known.data.total) : ''}</span>
        <div class="actions">
          <input ref={picker} type="file" accept=".wasm,application/wasm" multiple hidden onChange={(event) => { upload(event.currentTarget.files); event.currentTarget.value = ''; }} />
          <button type="button" class="button primary" onClick={() => picker.current?.click()}><Icon name="upload" />Upload</button>
        </div>
      </header>
      {known.error && <Problem error={known.error} retry={known.reload} />}
      {!known.data ? !known.error && <Loading what="Modules" /> : modules.length === 0 ? (
        <Empty title="No modules yet"><p>Drop a <code>.wasm</code> file here, or</p><Code text="wask push geometry.wasm" /></Empty>
      ) : (
        <>
          <DataTable label="Modules" rows={modules} columns={COLUMNS} rowKey={(module) => module.id} />
          <p class="table-note">Files can be dropped on this page.</p>
        </>
      )}
    </div>
  );
}

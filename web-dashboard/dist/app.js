// Draws the page: the overview at `/`, one run at `/runs/ID`. Texts go in by textContent alone.

import { get, watch } from './api.js';
import { STATES, bytes, count, duration, micros, time } from './format.js';

const TASKS_SHOWN = 200;
const STREAM_TASKS = 1000;

/** An element with attributes and children; strings become text. */
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function s(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function table(columns, rows) {
  const head = columns.map(([title, kind]) => h('th', kind ? { class: kind } : {}, title));
  const line = (cells) => h('tr', {}, cells.map((cell, i) => h('td', columns[i][1] ? { class: columns[i][1] } : {}, cell ?? '')));
  return h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows.map(line))));
}

function state(name) {
  const chip = h('span', { class: 'state' }, name);
  chip.style.color = `var(--${name})`;
  return chip;
}

function bar(counts) {
  const box = h('span', { class: 'bar', role: 'img', 'aria-label': words(counts) });
  for (const name of ['succeeded', 'failed', 'aborted', 'cancelled', 'running', 'queued', 'no-worker', 'waiting']) {
    if (!counts[name]) continue;
    const part = h('span', { title: `${name}: ${count(counts[name])}` });
    part.style.flexGrow = counts[name];
    part.style.background = `var(--${name})`;
    box.append(part);
  }
  return box;
}

const words = (counts) => STATES.filter((name) => counts[name]).map((name) => `${count(counts[name])} ${name}`).join(', ');
const link = (href, text) => h('a', { href }, text);
const heading = (text, note) => h('h2', {}, text, note ? h('small', {}, ` ${note}`) : null);

async function overview() {
  const [runs, workers, modules] = await Promise.all([get('/runs?limit=50'), get('/workers'), get('/modules')]);
  const runRows = runs.items.map((run) => [
    link(`/runs/${run.id}`, run.name || run.id), state(run.state), bar(run.counts), count(run.counts.total), time(run.created_at), took(run),
  ]);
  const workerRows = workers.items.map((worker) => [
    worker.name, count(worker.slots), count(worker.running ?? 0), count(worker.assigned ?? 0), count(worker.finished ?? 0), time(worker.joined_at),
  ]);
  const moduleRows = modules.items.map((module) => [
    module.name ?? h('code', {}, module.id.slice(0, 12)), bytes(module.size), module.pure ? 'pure' : 'impure',
    module.functions.map((f) => `${f.name}(${f.params.map((p) => p.name).join(', ')})`).join('  '),
  ]);
  return [
    heading('Runs', `${count(runs.total ?? runRows.length)} in all`),
    runRows.length
      ? table([['run'], ['state'], ['tasks'], ['', 'number'], ['submitted'], ['took', 'number']], runRows)
      : h('p', { class: 'quiet' }, 'No run yet. Submit one: ', h('code', {}, 'wask submit graph.json --follow')),
    heading('Workers'),
    table([['worker'], ['slots', 'number'], ['running', 'number'], ['assigned', 'number'], ['finished', 'number'], ['joined']], workerRows),
    heading('Modules'),
    moduleRows.length
      ? table([['module'], ['size', 'number'], ['purity'], ['functions', 'wide']], moduleRows)
      : h('p', { class: 'quiet' }, 'No module yet. Upload one: ', h('code', {}, 'wask push module.wasm')),
  ];
}

function took(run) {
  // A run whose results were all known never starts a task.
  const begin = run.started_at || (run.finished_at && run.created_at);
  if (!begin) return '';
  const end = run.finished_at ? micros(run.finished_at) : Date.now() * 1000;
  return duration(Math.max(0, end - micros(begin)));
}

async function runPage(id) {
  const [run, tasks] = await Promise.all([get(`/runs/${id}`), get(`/runs/${id}/tasks?limit=${STREAM_TASKS}`)]);
  document.getElementById('where').replaceChildren(run.name ?? '', ' ', h('code', {}, run.id));
  const figures = STATES.filter((name) => run.counts[name]).map((name) => h('span', {}, h('b', {}, count(run.counts[name])), state(name)));
  const functions = run.functions.map((f) => [
    h('code', {}, f.call), bar(f.counts ?? f), duration(f.run_us?.p50), duration(f.run_us?.p95), duration(f.run_us?.max),
  ]);
  const ran = tasks.items.filter((task) => task.started_at);
  return [
    heading('Run', took(run) && `took ${took(run)}`),
    h('div', { class: 'figures' }, h('span', {}, h('b', {}, run.state), h('span', { class: 'quiet' }, run.open ? 'open' : 'run')), figures),
    heading('Functions'),
    table([['function'], ['tasks'], ['median', 'number'], ['95 %', 'number'], ['longest', 'number']], functions),
    ...(run.failures.length ? [heading('Failures', 'the first ten'), ...run.failures.map(failure)] : []),
    ...(ran.length ? [heading('Task stream', `${count(ran.length)} of ${count(run.counts.total)} tasks, one lane for each slot`), stream(ran)] : []),
    heading('Tasks', tasks.total > TASKS_SHOWN ? `the first ${TASKS_SHOWN} of ${count(tasks.total)}` : `${count(tasks.total)}`),
    table(
      [['task'], ['function'], ['state'], ['attempt', 'number'], ['worker'], ['queued', 'number'], ['ran', 'number'], ['memory', 'number']],
      tasks.items.slice(0, TASKS_SHOWN).map(taskRow),
    ),
  ];
}

function failure(entry) {
  const { kind, message, trace } = entry.failure ?? entry;
  return h('div', { class: 'failure' }, h('code', {}, entry.key ?? ''), ' ', h('b', {}, kind),
    h('pre', {}, message), trace?.length ? h('pre', { class: 'quiet' }, trace.join('\n')) : null);
}

function taskRow(task) {
  const where = task.worker === null || task.worker === undefined ? '' : `${task.worker} / ${task.slot}`;
  return [
    h('code', {}, task.key), h('code', {}, task.call), state(task.state), task.cached ? 'cached' : count(task.attempt), where,
    duration(task.queue_us), duration(task.run_us), task.peak_memory ? bytes(task.peak_memory) : '',
  ];
}

/** Tasks as blocks in time, a lane for each slot. */
function stream(tasks) {
  const width = 1200, lane = 22, left = 90, top = 6;
  const lanes = [...new Set(tasks.map((task) => `${task.worker}/${task.slot}`))].sort();
  const start = Math.min(...tasks.map((task) => micros(task.started_at)));
  const end = Math.max(...tasks.map((task) => (task.finished_at ? micros(task.finished_at) : Date.now() * 1000)), start + 1);
  const x = (at) => left + ((at - start) / (end - start)) * (width - left - 10);
  const height = top + lanes.length * lane + 22;
  const box = s('svg', { class: 'stream', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'task stream' });
  lanes.forEach((name, i) => box.append(s('text', { x: 8, y: top + i * lane + 15 }, `slot ${name}`)));
  for (const task of tasks) {
    const from = micros(task.started_at);
    const to = task.finished_at ? micros(task.finished_at) : end;
    const block = s('rect', {
      x: x(from), y: top + lanes.indexOf(`${task.worker}/${task.slot}`) * lane + 2, height: lane - 4, width: Math.max(1, x(to) - x(from)),
    }, s('title', {}, `${task.key} ${task.state} ${duration(to - from)}`));
    block.style.fill = `var(--${task.state})`;
    box.append(block);
  }
  box.append(s('text', { x: left, y: height - 6 }, '0'), s('text', { x: width - 10, y: height - 6, 'text-anchor': 'end' }, duration(end - start)));
  return box;
}

let drawing = false;
let again = false;

async function draw() {
  if (drawing) { again = true; return; }
  drawing = true;
  const health = document.getElementById('health');
  try {
    const id = /^\/runs\/([^/]+)/.exec(location.pathname)?.[1];
    const nodes = id ? await runPage(decodeURIComponent(id)) : await overview();
    document.getElementById('page').replaceChildren(...nodes);
    health.textContent = 'live';
  } catch (error) {
    health.textContent = error.message;
  }
  drawing = false;
  if (again) { again = false; setTimeout(draw, 250); }
}

draw();
const id = /^\/runs\/([^/]+)/.exec(location.pathname)?.[1];
watch(id ? `/runs/${id}/events` : '/events', draw, () => { document.getElementById('health').textContent = 'not connected; trying again'; });

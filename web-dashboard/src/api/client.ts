// How the page asks the server: typed fetches, and errors that carry what the server said (RFC 9457). It keeps no answers.

import { signal } from '../state/signals';
import { parseExact } from './exact';
import type { Failure } from './types';
import { token, tokenWanted } from './token';

export const BASE = '/api/v1';

export interface ProblemDetail {
  pointer?: string;
  code: string;
  detail: string;
}

/** What the server refused, or 0 as the status when it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly help: string | null = null,
    readonly errors: ProblemDetail[] = [],
    readonly failure: Failure | null = null,
  ) {
    super(detail || title);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

/** When the server last answered, and since when it does not. */
export const contact = signal<{ last: number; lostSince: number | null }>({ last: Date.now(), lostSince: null });

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Ask {
  method?: string;
  query?: Query;
  body?: BodyInit | null;
  /** Media type of `body`. */
  type?: string;
  accept?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** `/runs/a%20b` out of `/runs`, `a b`: every part after the first is encoded. */
export function path(head: string, ...parts: (string | number)[]): string {
  return [head, ...parts.map((part) => encodeURIComponent(String(part)))].join('/');
}

export function url(where: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return BASE + where + (text ? `?${text}` : '');
}

/** The answer itself; anything but success is thrown as an `ApiError`, an abort as it is. */
export async function ask(where: string, { method = 'GET', query, body = null, type, accept, headers, signal }: Ask = {}): Promise<Response> {
  const head = new Headers(headers);
  head.set('accept', accept ?? 'application/json, application/problem+json');
  if (type) head.set('content-type', type);
  if (token.value) head.set('authorization', `Bearer ${token.value}`);
  let answer: Response;
  try {
    answer = await fetch(url(where, query), { method, body, headers: head, signal: signal ?? null });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    const known = contact.value;
    contact.value = { ...known, lostSince: known.lostSince ?? Date.now() };
    throw new ApiError(0, 'unreachable', 'The server cannot be reached', '', 'Is `wask serve` still running?');
  }
  contact.value = { last: Date.now(), lostSince: null };
  if (answer.status === 401) tokenWanted.value = true;
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

/** What an answer that is no success says. */
export async function problemOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  let given: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) given = parsed as Record<string, unknown>;
  } catch {
    // Not one of ours: a proxy in between, perhaps.
  }
  const word = (name: string) => (typeof given[name] === 'string' ? (given[name] as string) : '');
  const title = word('title') || `${answer.status} ${answer.statusText}`.trim();
  const errors = Array.isArray(given.errors) ? (given.errors as ProblemDetail[]) : [];
  return new ApiError(
    answer.status,
    word('code') || `http_${answer.status}`,
    title,
    word('detail') || (word('title') ? '' : text.slice(0, 300)),
    word('help') || null,
    errors,
    (given.failure as Failure | null | undefined) ?? null,
  );
}

export async function get<T>(where: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const answer = await ask(where, { ...(query && { query }), ...(signal && { signal }) });
  return parseExact(await answer.text()) as T;
}

/** Sends JSON (or nothing) and reads JSON; an empty answer is null. */
export async function send<T>(method: string, where: string, body?: unknown, query?: Query): Promise<T> {
  const json = body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' };
  const answer = await ask(where, { method, ...json, ...(query && { query }) });
  const text = await answer.text();
  return (text ? JSON.parse(text) : null) as T;
}

/** What to tell people of any thrown thing. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) return error.detail || error.title;
  return error instanceof Error ? error.message : String(error);
}

/** Whatever was thrown, as an error to show. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'unexpected', 'Unexpected answer', wordsOf(error));
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

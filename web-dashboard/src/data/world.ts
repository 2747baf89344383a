// What a feed needs of the browser: requests, a socket, a clock, timers, whether the page is seen. Tests give it another world.

import { ApiError, BASE, ask } from '../api/client';
import { token } from '../api/token';
import { rare, withNext } from '../state/beat';
import { effect } from '../state/signals';

export interface Socket {
  onMessage: (data: string | ArrayBuffer) => void;
  /** `code` is the close code of the socket. */
  onClose: (code: number) => void;
  send(text: string): void;
  close(): void;
}

export interface World {
  /** JSON of a path below the API. */
  json(path: string, signal: AbortSignal): Promise<unknown>;
  bytes(path: string, signal: AbortSignal): Promise<ArrayBuffer>;
  open(path: string, opened: () => void): Socket;
  /** Milliseconds that only grow. */
  now(): number;
  /** Calls `act` once; answers how to prevent it. */
  after(ms: number, act: () => void): () => void;
  random(): number;
  /** Whether one message each second is enough: nobody sees the page, or it is drawn no more often. */
  rare(): boolean;
  /** Calls `act` when `rare` may have changed; answers how to stop that. */
  onRare(act: () => void): () => void;
  /** Calls `act` once, when there is something to draw next. */
  withNext(act: () => void): () => void;
  /** Whether the thing asked for does not exist. */
  isMissing(error: unknown): boolean;
}

/** The token travels as a subprotocol: browsers give sockets no headers, and an address is no place for secrets. */
function protocols(): string[] {
  if (!token.value) return [];
  const hidden = btoa(token.value).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  return ['wask', `wask.token.${hidden}`];
}

export const browserWorld: World = {
  async json(path, signal) {
    return (await ask(path, { signal })).json();
  },
  async bytes(path, signal) {
    return (await ask(path, { signal, accept: 'application/octet-stream' })).arrayBuffer();
  },
  open(path, opened) {
    const address = new URL(BASE + path, location.href);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const real = new WebSocket(address, protocols());
    real.binaryType = 'arraybuffer';
    const socket: Socket = {
      onMessage: () => undefined,
      onClose: () => undefined,
      send: (text) => {
        if (real.readyState === WebSocket.OPEN) real.send(text);
      },
      close: () => real.close(),
    };
    real.onopen = opened;
    real.onmessage = (event: MessageEvent<string | ArrayBuffer>) => socket.onMessage(event.data);
    real.onclose = (event) => socket.onClose(event.code);
    return socket;
  },
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  rare: () => rare.peek(),
  onRare: (act) => effect(() => { void rare.value; act(); }),
  withNext,
  isMissing: (error) => error instanceof ApiError && error.status === 404,
};

// The little of Node that tests use, so that the page needs no types of Node.

declare module 'node:fs' {
  export function readdirSync(path: URL, options: { recursive: true }): string[];
  export function existsSync(path: URL): boolean;
  export function readFileSync(path: URL): Uint8Array;
  export function readFileSync(path: URL, encoding: 'utf8'): string;
  export function writeFileSync(path: URL, data: Uint8Array | string): void;
}

declare module 'node:zlib' {
  export function gzipSync(data: Uint8Array, options: { level: number }): Uint8Array;
}

declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

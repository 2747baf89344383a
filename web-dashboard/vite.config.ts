// How the dashboard is built: one script, one style sheet, stable names, the same bytes each time. `WASK_SERVER` names the server
// that `npm run dev` and `npm run preview` pass requests on to.

import { readFileSync } from 'node:fs';
import { minify } from 'terser';
import { innerNames } from './names.ts';
import { loadEnv, type Plugin, type ProxyOptions } from 'vite';
import { defineConfig } from 'vitest/config';

/** What the server sends, so that `npm run preview` breaks where the real page would. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The theme is chosen before the first paint: nothing is drawn before the script ran. */
const plainTags: Plugin = {
  name: 'plain-tags',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replaceAll(' crossorigin', '').replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

/** The shapes of icons are part of the page, where `<use>` finds them. */
export const icons: Plugin = {
  name: 'icons',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) => html.replace('<!-- icons -->', () => readFileSync(new URL('src/ui/icons.svg', import.meta.url), 'utf8').trim()),
  },
};

/** Elements as calls of `h`, which come out shorter than those of the automatic runtime; the development server keeps the latter. */
export const SMALL_JSX = { jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' } } as const;
export const JSX_NAMES = { h: ['preact', 'h'], Fragment: ['preact', 'Fragment'] } satisfies Record<string, [string, string]>;
/** Simplifies before the bundler's own minifier names and writes: the two find different things. The same bytes each time: no limit
 *  of time, no parallel passes. Reading a signal is an effect, so that reads stay. */
export const simplify: Plugin = {
  name: 'simplify',
  apply: 'build',
  renderChunk: async (code) => {
    const { code: simple } = await minify(code, {
      module: true, ecma: 2020, mangle: { properties: { regex: innerNames() } }, compress: { passes: 3, inline: 1, unsafe_arrows: true, keep_fargs: false },
    });
    return simple ? { code: simple, map: null } : null;
  },
};

export default defineConfig(({ mode, command }) => {
  const server = loadEnv(mode, '.', 'WASK_').WASK_SERVER ?? 'http://127.0.0.1:8787';
  // The server checks Host and Origin against its own address.
  const passOn: ProxyOptions = { target: server, changeOrigin: true, ws: true, headers: { origin: server } };
  const proxy = { '/api/v1': passOn, '/openapi.json': passOn, '/metrics': passOn };
  return {
    plugins: [icons, simplify, plainTags],
    server: { host: '127.0.0.1', proxy },
    preview: { host: '127.0.0.1', proxy, headers: { 'content-security-policy': POLICY } },
    oxc: command === 'build' ? SMALL_JSX : { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      target: 'es2022',
      sourcemap: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      cssCodeSplit: false,
      reportCompressedSize: true,
      rolldownOptions: {
        transform: { inject: JSX_NAMES },
        output: { entryFileNames: 'app.js', assetFileNames: 'app[extname]', codeSplitting: false },
      },
    },
    test: { environment: 'node', include: ['src/**/*.test.ts'], css: true },
  };
});

// How the dashboard is built: one script, one style sheet, stable names, the same bytes each time. `WASK_SERVER` names the server
// that `npm run dev` and `npm run preview` pass requests on to.

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

export default defineConfig(({ mode }) => {
  const server = loadEnv(mode, '.', 'WASK_').WASK_SERVER ?? 'http://127.0.0.1:8787';
  // The server checks Host and Origin against its own address.
  const passOn: ProxyOptions = { target: server, changeOrigin: true, ws: true, headers: { origin: server } };
  const proxy = { '/api/v1': passOn, '/openapi.json': passOn, '/metrics': passOn };
  return {
    plugins: [plainTags],
    server: { host: '127.0.0.1', proxy },
    preview: { host: '127.0.0.1', proxy, headers: { 'content-security-policy': POLICY } },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      target: 'es2022',
      sourcemap: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      cssCodeSplit: false,
      reportCompressedSize: true,
      rolldownOptions: {
        output: { entryFileNames: 'app.js', assetFileNames: 'app[extname]', codeSplitting: false },
      },
    },
    worker: { format: 'es', rolldownOptions: { output: { entryFileNames: 'worker.js' } } },
    test: { environment: 'node', include: ['src/**/*.test.ts'], css: true },
  };
});

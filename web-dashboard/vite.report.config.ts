// Builds `dist/report.html`: the viewer of exported runs as one file, with its script and style inside, so that it opens without a
// server. The host puts a run's data into it.

import { type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { icons, JSX_NAMES, simplify, SMALL_JSX } from './vite.config.ts';

const PLACE = '<script type="application/json" id="wask-data">null</script>';

/** Puts scripts and styles into the page, and refuses what a page opened from a disk could not fetch. */
const oneFile: Plugin = {
  name: 'one-file',
  enforce: 'post',
  generateBundle(_, bundle) {
    const page = bundle['src/report/report.html'];
    if (page?.type !== 'asset') throw new Error('the page of the report was not made');
    let html = String(page.source);
    for (const [name, part] of Object.entries(bundle)) {
      if (part === page) continue;
      // What a parser would take for the end of the element is written otherwise.
      const text = (part.type === 'chunk' ? part.code : String(part.source)).trim();
      const tag = part.type === 'chunk' ? new RegExp(`<script[^>]* src="[^"]*${name}"[^>]*></script>`) : new RegExp(`<link[^>]* href="[^"]*${name}"[^>]*>`);
      if (!tag.test(html)) throw new Error(`${name} is not in the page of the report`);
      html = html.replace(tag, '');
      if (part.type === 'chunk') html = html.replace('</body>', () => `<script type="module">${text.replace(/<(?=\/script|!--)/gi, '\\x3c')}</script>\n  </body>`);
      else html = html.replace('</head>', () => `<style>${text.replace(/<(?=\/style)/gi, '\\3c ')}</style>\n  </head>`);
      delete bundle[name];
    }
    if (html.split(PLACE).length !== 2) throw new Error('the report has no place for its data');
    delete bundle['src/report/report.html'];
    this.emitFile({ type: 'asset', fileName: 'report.html', source: html });
  },
};

export default defineConfig({
  plugins: [icons, simplify, oneFile],
  publicDir: false,
  oxc: SMALL_JSX,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    sourcemap: false,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    rolldownOptions: {
      transform: { inject: JSX_NAMES },
      input: 'src/report/report.html',
      output: { entryFileNames: 'report.js', assetFileNames: 'report[extname]', codeSplitting: false },
    },
  },
});

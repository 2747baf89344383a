// What a browser fetches before it shows anything.

import { startServer } from '../support/server.mjs';

export async function size() {
  const server = await startServer();
  try {
    const rows = [];
    for (const name of ['app.js', 'app.css']) {
      const plain = (await (await fetch(`${server.origin}/${name}`, { headers: { 'accept-encoding': 'identity' } })).arrayBuffer()).byteLength;
      const { headers } = await fetch(`${server.origin}/${name}`, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
      rows.push({ what: `${name}, gzip`, value: `${headers.get('content-length')} bytes (${plain} unpacked)` });
    }
    return rows;
  } finally {
    await server.stop();
  }
}

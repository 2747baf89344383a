// Goal: what the server says of its pages is strict, and what it sends is small.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { browserTest } from './support/browser.mjs';
import { startServer } from './support/server.mjs';

const server = await startServer();
after(() => server.stop());

/** An answer as it came over the wire. */
const raw = (where, headers = {}) => new Promise((resolve, reject) => {
  http.get(server.origin + where, { headers }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
  }).on('error', reject);
});

test('every page and file comes with a policy that lets in nothing from elsewhere, and no script or style of its own', async () => {
  for (const where of ['/', '/runs', '/runs/last', '/workers', '/modules', '/modules/x', '/sync', '/api', '/app.js', '/app.css', '/icon.svg']) {
    const { status, headers } = await raw(where);
    assert.equal(status, 200, where);
    const policy = Object.fromEntries(headers['content-security-policy'].split(';').map((one) => one.trim().split(/\s+(.*)/s)));
    assert.equal(policy['default-src'], "'none'", where);
    for (const name of ['script-src', 'style-src', 'connect-src']) assert.equal(policy[name], "'self'", `${where}: ${name}`);
    for (const name of ['base-uri', 'form-action', 'frame-ancestors']) assert.equal(policy[name], "'none'", `${where}: ${name}`);
    assert.equal(headers['x-content-type-options'], 'nosniff', where);
  }
});

test('scripts and styles come packed to who takes gzip, are the same unpacked, and are not sent again', async () => {
  for (const where of ['/app.js', '/app.css', '/']) {
    const plain = await raw(where);
    const packed = await raw(where, { 'accept-encoding': 'gzip, deflate, br' });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(packed.headers['content-encoding'], 'gzip', where);
    assert.match(packed.headers.vary, /accept-encoding/i);
    assert.ok(gunzipSync(packed.body).equals(plain.body), where);
    const again = await raw(where, { 'if-none-match': packed.headers.etag });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
  }
  assert.ok((await raw('/app.js', { 'accept-encoding': 'gzip' })).body.length < 120_000, 'the script is small');
});

browserTest('the policy is in force: a script, a style and an image from elsewhere are refused, and this test sees it', async (page, _, watch) => {
  await page.goto(server.origin);
  watch.expect(/^policy: |^console: .*(Content Security Policy|violates)|^request: https:\/\/example\.invalid/);
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.waskPwned = true';
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    const image = document.createElement('img');
    image.src = 'https://example.invalid/x.png';
    document.body.append(script, style, image);
  });
  await page.waitForFunction(() => document.body.isConnected);
  assert.equal(await page.evaluate(() => window.waskPwned), undefined);
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).display), 'none');
  const directives = () => watch.faults.filter((fault) => fault.startsWith('policy: ')).join('\n');
  const end = Date.now() + 5000;
  while (!['script-src', 'style-src', 'img-src'].every((name) => directives().includes(name))) {
    assert.ok(Date.now() < end, directives());
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
});

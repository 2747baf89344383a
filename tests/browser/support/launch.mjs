// How the browser is started, and where pictures and downloads go.

import path from 'node:path';
import { ROOT } from './server.mjs';

export const ARTIFACTS = path.join(ROOT, 'target/browser');

export const LAUNCH = {
  executablePath: process.env.WASK_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
};

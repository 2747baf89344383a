// Begins a report: one file that shows an exported run without a server.

import { render } from 'preact';
import '../styles/tokens.css';
import '../styles/base.css';
import '../styles/controls.css';
import '../styles/tables.css';
import './report.css';
import '../app/theme';
import { readData } from './data';
import { Report } from './Report';

const root = document.getElementById('app');
if (root) {
  let data = null;
  try {
    data = readData(document);
  } catch {
    // Shown as a report without data.
  }
  render(data ? <Report data={data} /> : <main class="report"><h1>Wask report</h1><p>There is no run in this file. Export one with “Export” on its page.</p></main>, root);
}

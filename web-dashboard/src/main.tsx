// Begins the page: styles, theme, address, keys, and the application into `#app`.

import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/tables.css';
import './styles/pages.css';
import './styles/drawer.css';
import { takeToken } from './api/token';
import { App } from './app/App';
import { bindKeys, startKeys } from './app/keys';
import { startRouter } from './app/router';
import { nextTheme } from './app/theme';
import { startTitle } from './app/title';
import { startQuery } from './state/query';
import { startTaskNames } from './state/task';

function begin(): void {
  const root = document.getElementById('app');
  if (!root) return;
  takeToken();
  startRouter();
  startQuery();
  startTaskNames();
  startTitle();
  startKeys();
  bindKeys({ t: nextTheme });
  render(<App />, root);
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
else begin();

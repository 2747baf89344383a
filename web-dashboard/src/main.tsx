// Begins the page: styles, theme, and the application into `#app`.

import { render } from 'preact';
import './styles/tokens.css';
import './app/theme';
import { App } from './app/App';

function begin(): void {
  const root = document.getElementById('app');
  if (root) render(<App />, root);
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
else begin();

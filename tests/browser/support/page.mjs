// What tests do with pages again and again.

import { eventually } from './wait.mjs';

/** What a canvas shows, as the page tells by `window.__dash`. */
export async function dash(page, name = 'timeline') {
  const look = (which) => {
    const probe = window.__dash?.[which];
    return typeof probe === 'function' ? probe() : null;
  };
  return page.evaluate(look, name).catch((error) => {
    // A page that is on its way to another one shows nothing.
    if (error.message.includes('Execution context was destroyed')) return null;
    throw error;
  });
}

/** Waits until what the canvas shows is as wanted; gives it back. */
export async function untilDash(page, what, wanted, name = 'timeline') {
  let last = null;
  try {
    return await eventually(what, async () => {
      last = await dash(page, name);
      return last && wanted(last) ? last : null;
    });
  } catch (error) {
    throw new Error(`${error.message}; the canvas had ${JSON.stringify(last)}`);
  }
}

/** Waits until a probe of the page gives something truthy. */
export const untilPage = (page, what, probe, argument) => eventually(what, () => page.evaluate(probe, argument));

/** What has the focus: its role and name, for walks by keyboard. */
export async function focused(page) {
  return page.evaluate(() => {
    const it = document.activeElement;
    return it ? `${it.tagName.toLowerCase()} ${it.getAttribute('aria-label') ?? it.id ?? ''} ${it.textContent?.trim().slice(0, 60) ?? ''}`.trim() : '';
  });
}

/** The page shows a run in this state. */
export async function untilState(page, state) {
  await page.locator('.run-head .chip', { hasText: new RegExp(`^${state}`) }).waitFor();
}

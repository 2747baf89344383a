// Keeps what is chosen in sight in a list that scrolls sideways, without moving the page.

import type { RefObject } from 'preact';
import { useEffect } from '../state/hooks';

export function useInSight(list: RefObject<HTMLElement | null>, which: string, chosen: string): void {
  useEffect(() => {
    const box = list.current;
    const one = box?.querySelector<HTMLElement>(which);
    if (!box || !one) return;
    const left = one.offsetLeft - box.offsetLeft;
    const right = left + one.offsetWidth;
    if (left < box.scrollLeft) box.scrollLeft = left - 16;
    else if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth + 16;
  }, [chosen]);
}

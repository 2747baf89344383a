// The few icons, drawn with lines of the text's colour. Their shapes are in `icons.svg`, which the build puts into the page.

export type IconName = 'search' | 'copy' | 'check' | 'close' | 'down' | 'sun' | 'moon' | 'auto' | 'keyboard' | 'download' | 'upload' | 'retry' | 'stop' | 'play' | 'plus' | 'trash';

export function Icon({ name }: { name: IconName }) {
  return <svg class="icon" width="16" height="16" aria-hidden="true"><use href={`#i-${name}`} /></svg>;
}

// Which hue a function has, and what hues are in the theme that is in force. Hues come from the style sheet's variables (`--c0` to
// `--c11`, `--bad`, …), so that canvases follow light and dark.

export const HUES = 12;

/** A hue, and whether it is told from its namesake by stripes. */
export interface Hue {
  readonly hue: number;
  readonly striped: boolean;
}

/** FNV-1a over UTF-16 units. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Hues by the hash of the name. The first twelve names never share one; those after them carry stripes. */
export function assignHues(names: readonly string[]): Hue[] {
  const taken = new Set<number>();
  return names.map((name) => {
    let hue = hash(name) % HUES;
    if (taken.size === HUES) return { hue, striped: true };
    while (taken.has(hue)) hue = (hue + 1) % HUES;
    taken.add(hue);
    return { hue, striped: false };
  });
}

export interface Theme {
  /** CSS colours. */
  readonly hues: readonly string[];
  readonly bad: string;
  readonly warn: string;
  readonly busy: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly surface: string;
  readonly sunk: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly accent: string;
  readonly overhead: string;
  readonly dark: boolean;
  readonly font: string;
}

/** What the style sheet says now for `element`. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    hues: Array.from({ length: HUES }, (_, n) => read(`c${n}`)),
    bad: read('bad'), warn: read('warn'), busy: read('busy'), ink: read('ink'), ink2: read('ink-2'), ink3: read('ink-3'), surface: read('surface'),
    sunk: read('sunk'), line: read('line'), lineStrong: read('line-strong'), accent: read('accent'), overhead: read('overhead'), font: read('font'),
    dark: style.colorScheme === 'dark',
  };
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** What a CSS colour is on a screen, in whatever space it was written. */
export function resolveColours(colours: readonly string[]): Rgb[] {
  const canvas = document.createElement('canvas');
  canvas.width = colours.length;
  canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  colours.forEach((colour, x) => {
    context.fillStyle = colour;
    context.fillRect(x, 0, 1, 1);
  });
  const { data } = context.getImageData(0, 0, colours.length, 1);
  return colours.map((_, x) => [data[4 * x]!, data[4 * x + 1]!, data[4 * x + 2]!]);
}

/** A pixel as a little-endian number. */
export const pixelOf = ([red, green, blue]: Rgb): number => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

/** Steps between an empty and a full pixel. */
export const SHADES = 64;
/** Whatever happened in a pixel is seen, however short it was. */
const LEAST_ALPHA = 0.22;

/** Pixels (little-endian RGBA) of each colour over the background, by share covered: `[colour * SHADES + shade]`. */
export function shadeTable(colours: readonly Rgb[], background: Rgb): Uint32Array {
  const table = new Uint32Array(colours.length * SHADES);
  colours.forEach((colour, n) => {
    for (let shade = 0; shade < SHADES; shade++) {
      const alpha = LEAST_ALPHA + ((1 - LEAST_ALPHA) * shade) / (SHADES - 1);
      const mix = (at: 0 | 1 | 2): number => Math.round(colour[at] * alpha + background[at] * (1 - alpha));
      table[n * SHADES + shade] = pixelOf([mix(0), mix(1), mix(2)]);
    }
  });
  return table;
}

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
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly surface: string;
  readonly sunk: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly accent: string;
  readonly accentSoft: string;
  readonly overhead: string;
  readonly dark: boolean;
  readonly font: string;
}

/** What the style sheet says now for `element`. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  return {
    hues: Array.from({ length: HUES }, (_, n) => read(`--c${n}`, `hsl(${n * 30} 50% 55%)`)),
    bad: read('--bad', '#c4232f'),
    warn: read('--warn', '#8f5a00'),
    ink: read('--ink', '#171c26'),
    ink2: read('--ink-2', '#4a5365'),
    ink3: read('--ink-3', '#626c7f'),
    surface: read('--surface', '#ffffff'),
    sunk: read('--sunk', '#eef0f4'),
    line: read('--line', '#e1e4ea'),
    lineStrong: read('--line-strong', '#c3c9d4'),
    accent: read('--accent', '#3147c8'),
    accentSoft: read('--accent-soft', '#e8ebfb'),
    overhead: read('--overhead', '#9aa3b2'),
    dark: style.colorScheme === 'dark',
    font: read('--font', 'system-ui, sans-serif'),
  };
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** What a CSS colour is on a screen, in whatever space it was written. */
export function resolveColours(colours: readonly string[]): Rgb[] {
  const canvas = document.createElement('canvas');
  canvas.width = colours.length;
  canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return colours.map(() => [128, 128, 128]);
  colours.forEach((colour, x) => {
    context.fillStyle = colour;
    context.fillRect(x, 0, 1, 1);
  });
  const { data } = context.getImageData(0, 0, colours.length, 1);
  return colours.map((_, x) => [data[4 * x]!, data[4 * x + 1]!, data[4 * x + 2]!]);
}

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
      table[n * SHADES + shade] = (0xff000000 | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
    }
  });
  return table;
}

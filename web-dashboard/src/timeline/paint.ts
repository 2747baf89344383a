// Colours, patterns and words made ready for the canvas: remade when the theme, the functions or the pixel ratio change.

import { HUES, pixelOf, readTheme, resolveColours, shadeTable, SHADES, type Hue, type Theme } from './colours';

/** Text on hues: dark in both themes, 4.5:1 and more on all of them. */
const ON_HUE = '#0a0d14';
const LABEL_PX = 16;
const LABEL_WIDTH = 300;
const LABELS_MAX = 400;

export class Paint {
  readonly shades: Uint32Array;
  readonly laneBack: number;
  readonly badPixel: number;
  readonly warnPixel: number;
  readonly badHue = HUES;
  readonly greyHue = HUES + 2;
  readonly lane: string;
  /** Hue by function. */
  readonly hueTable: Uint8Array;
  /** Stripes over what is not the guest's own time. */
  readonly hatch: CanvasPattern;
  /** Stripes of functions beyond the twelfth. */
  readonly stripe: CanvasPattern;
  private readonly labels = document.createElement('canvas');
  private readonly widths: number[] = [];

  private constructor(
    readonly theme: Theme,
    readonly ratio: number,
    /** Where the plot begins, in CSS pixels. */
    readonly left: number,
    readonly top: number,
    private readonly hues: readonly Hue[],
    private readonly names: readonly string[],
    context: CanvasRenderingContext2D,
  ) {
    this.lane = theme.sunk;
    this.hueTable = Uint8Array.from(hues, (one) => one.hue);
    const [back, ...colours] = resolveColours([this.lane, ...theme.hues, theme.bad, theme.warn, theme.overhead]);
    this.shades = shadeTable(colours, back!);
    const full = (hue: number): number => this.shades[hue * SHADES + SHADES - 1]!;
    this.laneBack = pixelOf(back!);
    this.badPixel = full(HUES);
    this.warnPixel = full(HUES + 1);
    this.hatch = stripes(context, theme.dark ? 'rgb(10 13 20 / 48%)' : 'rgb(255 255 255 / 55%)', 5, ratio);
    this.stripe = stripes(context, theme.dark ? 'rgb(10 13 20 / 30%)' : 'rgb(255 255 255 / 38%)', 12, ratio);
    this.drawLabels();
  }

  static make(element: Element, ratio: number, left: number, top: number, hues: readonly Hue[], names: readonly string[], context: CanvasRenderingContext2D): Paint {
    return new Paint(readTheme(element), ratio, left, top, hues, names, context);
  }

  /** Whether it still is what would be made. */
  fits(ratio: number, hues: readonly Hue[], names: readonly string[], left: number): boolean {
    return this.ratio === ratio && this.hues === hues && this.names === names && this.left === left;
  }

  hueOf = (fn: number): number => this.hueTable[fn] ?? 0;

  isStriped(fn: number): boolean {
    return this.hues[fn]?.striped ?? false;
  }

  colour(fn: number): string {
    return this.theme.hues[this.hueOf(fn)]!;
  }

  /** A bar of what is not the guest's own time. */
  hatched(context: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number, height: number): void {
    for (const fill of [colour, this.hatch]) {
      context.fillStyle = fill;
      context.fillRect(x, y, width, height);
    }
  }

  /** The function's name, as much of it as `width` holds. */
  label(context: CanvasRenderingContext2D, fn: number, x: number, y: number, width: number): void {
    const full = this.widths[fn];
    if (full === undefined) return;
    const shown = Math.min(full, width);
    const { ratio } = this;
    context.drawImage(this.labels, 0, fn * LABEL_PX * ratio, shown * ratio, LABEL_PX * ratio, x, y - LABEL_PX / 2, shown, LABEL_PX);
  }

  private drawLabels(): void {
    const count = Math.min(LABELS_MAX, this.names.length);
    this.labels.width = LABEL_WIDTH * this.ratio;
    this.labels.height = Math.max(1, count * LABEL_PX * this.ratio);
    const context = this.labels.getContext('2d');
    if (!context) return;
    context.scale(this.ratio, this.ratio);
    context.font = `11px ${this.theme.font}`;
    context.fillStyle = ON_HUE;
    context.textBaseline = 'middle';
    for (let fn = 0; fn < count; fn++) {
      const word = shortName(this.names[fn]!);
      context.fillText(word, 0, fn * LABEL_PX + LABEL_PX / 2 + 0.5, LABEL_WIDTH);
      this.widths[fn] = Math.min(LABEL_WIDTH, Math.ceil(context.measureText(word).width));
    }
  }
}

/** What follows the last slash: the module is in the legend. */
export const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

function stripes(context: CanvasRenderingContext2D, colour: string, size: number, ratio: number): CanvasPattern {
  const canvas = document.createElement('canvas');
  const side = Math.round(size * ratio);
  canvas.width = canvas.height = side;
  const brush = canvas.getContext('2d')!;
  brush.strokeStyle = colour;
  brush.lineWidth = (size / 3.2) * ratio;
  for (const shift of [-side, 0, side]) {
    brush.beginPath();
    brush.moveTo(shift - side, side * 2);
    brush.lineTo(shift + side * 2, -side);
    brush.stroke();
  }
  const pattern = context.createPattern(canvas, 'repeat')!;
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

// The window of time that is looked at: zooming, panning, following now, fitting. It knows nothing of lanes or canvases.

/** Microseconds after the store's base. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** No finer than this many microseconds in the whole window. */
const NARROWEST_US = 20;
/** Room right of now for what comes next. */
const AHEAD = 0.08;

export class View {
  from = 0;
  to = 1_000_000;
  /** Pixels of the plot. */
  width = 800;
  /** Everything is shown, as it grows. */
  fit = true;
  /** The right end sticks to now. */
  follow = false;
  /** The least that is shown at once while everything is shown and followed; 0: all. */
  constructor(private readonly recentUs = 0) {}

  get usPerPixel(): number {
    return (this.to - this.from) / this.width;
  }

  x(time: number): number {
    return (time - this.from) / this.usPerPixel;
  }

  time(x: number): number {
    return this.from + x * this.usPerPixel;
  }

  /** Moves the window to where it should be, given what there is and what time it is. */
  update(all: Bounds, now: number, stepped: boolean): void {
    const width = this.to - this.from;
    if (this.fit) {
      const until = this.follow ? Math.max(all.to, now) : all.to;
      const begin = this.recentUs > 0 && this.follow ? Math.max(all.from, until - this.recentUs) : all.from;
      const span = Math.max(NARROWEST_US, until - begin);
      const from = begin - 0.01 * span;
      const to = until + (this.follow ? AHEAD : 0.01) * span;
      if (stepped && from >= this.from && to - this.to < 1_000_000 && to > this.to && width > NARROWEST_US) return;
      this.from = from;
      this.to = to;
    } else if (this.follow) {
      const to = now + AHEAD * width;
      if (stepped && Math.abs(to - this.to) < 1_000_000) return;
      this.from = to - width;
      this.to = to;
    }
  }

  /** Zooms at pixel `x`; without one, at now while it is followed, else in the middle. */
  zoom(factor: number, x: number | null, all: Bounds): void {
    if (x !== null) this.follow = false;
    const at = x ?? (this.follow ? this.width : this.width / 2);
    const fixed = this.time(at);
    const widest = 1.3 * Math.max(NARROWEST_US, all.to - all.from);
    const width = Math.min(widest, Math.max(NARROWEST_US, (this.to - this.from) * factor));
    this.fit = false;
    this.from = fixed - (at / this.width) * width;
    this.to = this.from + width;
    this.clamp(all);
  }

  pan(pixels: number, all: Bounds): void {
    const by = pixels * this.usPerPixel;
    this.fit = this.follow = false;
    this.from += by;
    this.to += by;
    this.clamp(all);
  }

  show(from: number, to: number): void {
    this.fit = this.follow = false;
    const width = Math.max(NARROWEST_US, to - from);
    this.from = (from + to) / 2 - width / 2;
    this.to = this.from + width;
  }

  /** The span with some room at both sides. */
  fitSpan(from: number, to: number): void {
    const room = Math.max(NARROWEST_US, to - from) * 0.25;
    this.show(from - room, to + room);
  }

  /** At least a tenth of the window holds something. */
  private clamp(all: Bounds): void {
    const width = this.to - this.from;
    const least = all.from - 0.9 * width;
    const most = all.to + 0.9 * width;
    const shift = Math.max(0, least - this.from) - Math.max(0, this.to - most);
    this.from += shift;
    this.to += shift;
  }
}

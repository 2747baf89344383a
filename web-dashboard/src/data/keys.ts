// Keys of tasks by their place, asked for in batches when something wants to show them.

export type AskKeys = (places: number[]) => Promise<Map<number, string>>;

const BATCH = 500;
const WAIT_MS = 60;
/** Beyond this many the oldest are forgotten. */
const KEPT = 20_000;

export class TaskKeys {
  private readonly known = new Map<number, string>();
  private readonly wanted = new Set<number>();
  private readonly asked = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Called when keys came. */
  onChange: () => void = () => undefined;

  /** `ask` null: there are no keys to be had. */
  constructor(private readonly ask: AskKeys | null) {}

  /** The key, or undefined while it is not known; it is asked for then. */
  get(place: number): string | undefined {
    const key = this.known.get(place);
    if (key === undefined) this.want(place);
    return key;
  }

  private want(place: number): void {
    if (!this.ask || this.asked.has(place)) return;
    this.wanted.add(place);
    this.timer ??= setTimeout(() => void this.flush(), WAIT_MS);
  }

  private async flush(): Promise<void> {
    this.timer = null;
    const places = [...this.wanted].slice(-BATCH);
    this.wanted.clear();
    for (const place of places) this.asked.add(place);
    try {
      for (const [place, key] of await this.ask!(places)) this.known.set(place, key);
      for (const place of this.known.keys()) {
        if (this.known.size <= KEPT) break;
        this.known.delete(place);
        this.asked.delete(place);
      }
      this.onChange();
    } catch {
      // Asked for again a little later, when something still wants them.
      setTimeout(() => places.forEach((place) => this.asked.delete(place)), 3000);
    }
  }
}

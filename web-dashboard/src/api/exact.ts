// JSON with integers of more than 53 bits, which results of tasks may have: where the browser can, such a number is kept as the text
// it came as, and is written again digit by digit.

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

const rawJson = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON;
const LONG = /\d{16}/;

export function parseExact(text: string): unknown {
  if (rawJson === undefined || !LONG.test(text)) return JSON.parse(text);
  const keep: Reviver = (_key, value, context) =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source !== undefined ? rawJson(context.source) : value;
  return JSON.parse(text, keep);
}

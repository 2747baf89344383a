// Documentation as its writers meant it: text, with what stands between backticks as code.

import { plain } from './text';

export function Words({ text }: { text: string }) {
  const parts = text.split(/`([^`\n]+)`/);
  return <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{plain(part)}</code> : plain(part)))}</>;
}

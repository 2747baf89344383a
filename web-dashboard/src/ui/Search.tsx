// A search field that asks only when the typing rests, and a choice out of few.

import { useEffect, useState } from '../state/hooks';
import { Icon } from './Icon';

export function Search({ label, value, onChange, placeholder }: { label: string; value: string; onChange: (text: string) => void; placeholder?: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="search">
      <Icon name="search" />
      <span class="unseen">{label}</span>
      <input type="search" value={text} placeholder={placeholder ?? label} spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
    </label>
  );
}

export function Choice({ label, value, options, onChange }: {
  label: string; value: string; options: readonly (readonly [value: string, text: string])[]; onChange: (value: string) => void;
}) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
      </select>
    </label>
  );
}

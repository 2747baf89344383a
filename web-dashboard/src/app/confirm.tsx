// Questions before something is stopped or deleted, answered by a promise; at most one at a time.

import { signal } from '../state/signals';
import { useState } from '../state/hooks';
import { Dialog } from '../ui/Dialog';
import { plain } from '../ui/text';

interface Question {
  title: string;
  text: string;
  /** The word on the button that does it. */
  act: string;
  danger?: boolean;
  /** Also asks for a line of text, under this label. */
  field?: { label: string; placeholder?: string };
}

const asked = signal<(Question & { answer: (text: string | null) => void }) | null>(null);

/** Null when it was declined, else the text of the field. */
export function confirm(question: Question): Promise<string | null> {
  asked.value?.answer(null);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (text) => {
        asked.value = null;
        resolve(text);
      },
    };
  });
}

export function ConfirmDialog() {
  const question = asked.value;
  return question && <Asking key={question.title} question={question} />;
}

function Asking({ question }: { question: NonNullable<typeof asked.value> }) {
  const [text, setText] = useState('');
  return (
    <Dialog title={question.title} onClose={() => question.answer(null)}>
      <form onSubmit={(event) => { event.preventDefault(); question.answer(text); }}>
        <p>{plain(question.text)}</p>
        {question.field && (
          <label class="field">
            <span>{question.field.label}</span>
            <input type="text" value={text} maxLength={1000} placeholder={question.field.placeholder ?? ''} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
        )}
        <footer class="dialog-actions">
          <button type="button" class="button" onClick={() => question.answer(null)}>Keep it</button>
          <button type="submit" class={`button ${question.danger ? 'danger' : 'primary'}`}>{question.act}</button>
        </footer>
      </form>
    </Dialog>
  );
}

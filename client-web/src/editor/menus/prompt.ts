/** What a dialog asks before something is put into the page, and what it was given. */
export type Question = { kind: 'image' } | { kind: 'math'; latex: string };
export type Answer = { kind: 'image'; src: string; alt: string } | { kind: 'math'; latex: string };

interface Open {
  question: Question;
  answer: (answer: Answer | null) => void;
}

let open: Open | null = null;
const listeners = new Set<() => void>();

function set(next: Open | null): void {
  open = next;
  for (const listener of listeners) listener();
}

/** Opens the dialog; null when it was closed without an answer. */
export function askFor(question: Question): Promise<Answer | null> {
  open?.answer(null);
  return new Promise((resolve) => {
    set({
      question,
      answer: (answer) => {
        set(null);
        resolve(answer);
      },
    });
  });
}

export const openQuestion = (): Open | null => open;

export function onQuestion(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

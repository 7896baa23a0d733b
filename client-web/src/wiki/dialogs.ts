/** The dialogs that any view may open. The app draws them, because features do not know each other. */
export type Dialog =
  | { kind: 'share'; page: string }
  | { kind: 'move'; page: string }
  | { kind: 'icon'; page: string }
  /** A page out of a template, of that space or of any. */
  | { kind: 'template'; space?: string }
  | { kind: 'newSpace' }
  /** Signing out would lose what the server has not taken yet. */
  | { kind: 'signOut' };

type Listener = () => void;
const listeners = new Set<Listener>();
let current: Dialog | null = null;

function show(dialog: Dialog | null): void {
  current = dialog;
  for (const listener of [...listeners]) listener();
}

export const openDialog = (dialog: Dialog): void => show(dialog);
export const closeDialog = (): void => show(null);
export const getDialog = (): Dialog | null => current;

export function onDialog(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

import { Editor, type EditorOptions } from '@tiptap/react';
import { useEffect, useState } from 'react';
import type { Session } from '../sync';

/**
 * An editor on a session's document. It is made in an effect and by hand, not by the library's hook: once the gate has
 * destroyed it, nothing may make it again.
 */
export function mountEditor(session: Session, options: Partial<EditorOptions>): Editor {
  const editor = new Editor(options);
  const stop = session.onUnknownContent(() => editor.destroy());
  editor.on('destroy', stop);
  return editor;
}

export function useBoundEditor(
  session: Session,
  build: (session: Session) => Partial<EditorOptions>,
  readOnly: boolean,
): Editor | null {
  const [editor, setEditor] = useState<Editor | null>(null);
  useEffect(() => {
    if (session.getView().miss !== null) return;
    const made = mountEditor(session, build(session));
    setEditor(made);
    return () => {
      setEditor(null);
      made.destroy();
    };
  }, [session, build]);
  useEffect(() => {
    if (editor !== null && !editor.isDestroyed) editor.setEditable(!readOnly, false);
  }, [editor, readOnly]);
  return editor;
}

import '../locales/editor';
import './styles/editor.css';
import './styles/floating.css';
import { Selection } from '@tiptap/pm/state';
import { type Editor, EditorContent, type EditorOptions } from '@tiptap/react';
import i18next from 'i18next';
import { lazy, Suspense, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Session } from '../sync';
import { bodyExtensions } from './body';
import { useBoundEditor } from './bound';
import { FormatBar, type SelectionTool } from './menus/FormatBar';
import { TableBar } from './menus/TableBar';
import { titleExtensions } from './title';

/** Fetched once the page stands: few pages are opened in order to put in a picture. */
const PromptDialog = lazy(() => import('./menus/PromptDialog'));

interface Pair {
  title: Editor | null;
  body: Editor | null;
}

function attributes(label: string, isLine: boolean): Record<string, string> {
  return {
    role: 'textbox',
    'aria-label': i18next.t(label),
    'aria-multiline': String(!isLine),
    // So that right-to-left text starts at the right without a setting.
    dir: 'auto',
    ...(isLine ? { class: 'title-text', 'data-testid': 'title' } : { class: 'prose', 'data-testid': 'body' }),
  };
}

/** At once, unlike the editor's own command, which waits for a frame: the next key belongs there already. */
function focus(editor: Editor | null, at: 'start' | 'end'): void {
  if (editor === null || editor.isDestroyed) return;
  const { state, view } = editor;
  const selection = at === 'start' ? Selection.atStart(state.doc) : Selection.atEnd(state.doc);
  view.dispatch(state.tr.setSelection(selection).scrollIntoView());
  view.focus();
}

function useBuilders(pair: React.RefObject<Pair>) {
  return useMemo(() => {
    const title = ({ doc, awareness }: Session): Partial<EditorOptions> => ({
      extensions: titleExtensions({
        doc,
        awareness,
        placeholder: () => i18next.t('page.titlePlaceholder'),
        onLeave: () => focus(pair.current.body, 'start'),
      }),
      editorProps: { attributes: () => attributes('page.title', true) },
    });
    const body = ({ doc, awareness }: Session): Partial<EditorOptions> => ({
      extensions: bodyExtensions({
        doc,
        awareness,
        placeholder: () => i18next.t('page.bodyPlaceholder'),
        onLeaveUp: () => focus(pair.current.title, 'end'),
      }),
      editorProps: { attributes: () => attributes('page.body', false) },
    });
    return { title, body };
  }, [pair]);
}

/** The title and the body of one page, each an editor on its own part of the document. */
export function PageEditors({
  session,
  readOnly,
  tool,
}: {
  session: Session;
  readOnly: boolean;
  tool?: SelectionTool | undefined;
}) {
  const pair = useRef<Pair>({ title: null, body: null });
  const builders = useBuilders(pair);
  const title = useBoundEditor(session, builders.title, readOnly);
  const body = useBoundEditor(session, builders.body, readOnly);
  pair.current = { title, body };

  // A page without a title is a page just made: the caret goes where writing starts.
  useEffect(() => {
    if (title !== null && !title.isDestroyed && title.isEmpty && !readOnly) focus(title, 'end');
  }, [title, readOnly]);

  // The labels and placeholders are asked for anew when the editor redraws itself.
  const { i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the language is what this reacts to
  useEffect(() => {
    for (const editor of [title, body]) {
      if (editor !== null && !editor.isDestroyed) editor.view.dispatch(editor.state.tr);
    }
  }, [i18n.language, title, body]);

  return (
    <>
      <h1 className="title">
        <EditorContent editor={title} />
      </h1>
      <EditorContent editor={body} className="body" />
      {title !== null && !title.isDestroyed && <FormatBar editor={title} formats={false} tool={tool} />}
      {body !== null && !body.isDestroyed && (
        <>
          <FormatBar editor={body} formats={!readOnly} tool={tool} />
          {!readOnly && <TableBar editor={body} />}
        </>
      )}
      <Suspense fallback={null}>
        <PromptDialog />
      </Suspense>
    </>
  );
}

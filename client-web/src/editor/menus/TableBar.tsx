import {
  IconColumnInsertLeft,
  IconColumnInsertRight,
  IconColumnRemove,
  IconRowInsertBottom,
  IconRowInsertTop,
  IconRowRemove,
  IconTableColumn,
  IconTrash,
} from '@tabler/icons-react';
import type { Editor } from '@tiptap/core';
import { useEditorState } from '@tiptap/react';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { BarButton } from './BarButton';
import { FloatingBar } from './FloatingBar';

/** Where the table around the caret begins, or null. */
function tableAt(editor: Editor): number | null {
  const { $from } = editor.state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type.name === 'table') return $from.before(depth);
  }
  return null;
}

/** Rows and columns, below the table that the caret is in. */
export function TableBar({ editor }: { editor: Editor }) {
  const { t } = useTranslation();
  const seen = useEditorState({
    editor,
    selector: ({ editor: current }) => ({ table: tableAt(current), focused: current.isFocused }),
  });
  const { table } = seen;
  const anchor = useCallback(() => {
    if (table === null || editor.isDestroyed) return null;
    const dom = editor.view.nodeDOM(table);
    return dom instanceof HTMLElement ? dom.getBoundingClientRect() : null;
  }, [editor, table]);
  if (table === null || !seen.focused || !editor.isEditable) return null;
  const run = (command: (chain: ReturnType<Editor['chain']>) => ReturnType<Editor['chain']>) => () => {
    command(editor.chain().focus()).run();
  };
  return (
    <FloatingBar label={t('editor.table.label')} anchor={anchor} context={editor.view.dom} placement="bottom">
      <BarButton label={t('editor.table.rowAbove')} onClick={run((chain) => chain.addRowBefore())}>
        <IconRowInsertTop size={17} />
      </BarButton>
      <BarButton label={t('editor.table.rowBelow')} onClick={run((chain) => chain.addRowAfter())}>
        <IconRowInsertBottom size={17} />
      </BarButton>
      <BarButton label={t('editor.table.deleteRow')} onClick={run((chain) => chain.deleteRow())}>
        <IconRowRemove size={17} />
      </BarButton>
      <span className="bar-gap" />
      <BarButton label={t('editor.table.columnLeft')} onClick={run((chain) => chain.addColumnBefore())}>
        <IconColumnInsertLeft size={17} />
      </BarButton>
      <BarButton label={t('editor.table.columnRight')} onClick={run((chain) => chain.addColumnAfter())}>
        <IconColumnInsertRight size={17} />
      </BarButton>
      <BarButton label={t('editor.table.deleteColumn')} onClick={run((chain) => chain.deleteColumn())}>
        <IconColumnRemove size={17} />
      </BarButton>
      <span className="bar-gap" />
      <BarButton label={t('editor.table.header')} onClick={run((chain) => chain.toggleHeaderRow())}>
        <IconTableColumn size={17} />
      </BarButton>
      <BarButton label={t('editor.table.deleteTable')} onClick={run((chain) => chain.deleteTable())}>
        <IconTrash size={17} />
      </BarButton>
    </FloatingBar>
  );
}

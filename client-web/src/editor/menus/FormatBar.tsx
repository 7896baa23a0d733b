import {
  IconBold,
  IconCode,
  IconExternalLink,
  IconHighlight,
  IconItalic,
  IconLink,
  IconLinkOff,
  IconPencil,
  IconStrikethrough,
  IconUnderline,
} from '@tabler/icons-react';
import { type Editor, isTextSelection, posToDOMRect } from '@tiptap/core';
import { useEditorState } from '@tiptap/react';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { BarButton } from './BarButton';
import { FloatingBar } from './FloatingBar';
import { LinkForm } from './LinkForm';

/** Something that can be asked about selected text; it is answered where the formats stood. */
export interface SelectionTool {
  label: string;
  icon: ReactNode;
  panel: (editor: Editor, close: () => void) => ReactNode;
}

interface Seen {
  from: number;
  to: number;
  /** Text is selected. */
  selected: boolean;
  /** Text is selected in which formats make sense. */
  text: boolean;
  link: string | null;
  focused: boolean;
  active: Record<string, boolean>;
}

const MARKS = ['bold', 'italic', 'underline', 'strike', 'code', 'highlight', 'link'] as const;

function look(editor: Editor): Seen {
  const { selection, doc } = editor.state;
  const { from, to, empty } = selection;
  const isCode = selection.$from.parent.type.spec.code === true;
  const selected = !empty && doc.textBetween(from, to).trim() !== '';
  const text = selected && !isCode && isTextSelection(selection);
  const href: unknown = editor.getAttributes('link').href;
  return {
    from,
    to,
    selected,
    text,
    link: typeof href === 'string' && editor.isActive('link') ? href : null,
    focused: editor.isFocused,
    active: Object.fromEntries(MARKS.map((mark) => [mark, editor.isActive(mark)])),
  };
}

/** A selection being made with the mouse is left alone until the button is up. */
function usePointerDown(editor: Editor): boolean {
  const [down, setDown] = useState(false);
  useEffect(() => {
    const { dom } = editor.view;
    const onDown = (): void => setDown(true);
    const onUp = (): void => setDown(false);
    dom.addEventListener('pointerdown', onDown);
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', onUp);
    return () => {
      dom.removeEventListener('pointerdown', onDown);
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onUp);
    };
  }, [editor]);
  return down;
}

const isInBar = (element: EventTarget | null): boolean =>
  element instanceof Element && element.closest('.floating-bar') !== null;

/** Whether the focus went from the editor on to its bar, where the Tab key leads from the end of the text. */
function useFocusInBar(editor: Editor): boolean {
  const [inBar, setInBar] = useState(false);
  useEffect(() => {
    const { dom } = editor.view;
    const onBlur = ({ target, relatedTarget }: FocusEvent): void => {
      const isFromHere = target instanceof Node && dom.contains(target);
      setInBar((before) => isInBar(relatedTarget) && (isFromHere || before));
    };
    // Before the editor hears of it: a bar that is taken away by then cannot take the focus.
    document.addEventListener('blur', onBlur, true);
    return () => document.removeEventListener('blur', onBlur, true);
  }, [editor]);
  return inBar;
}

/** Formats for selected text; where a link is, the link. What may only be read has no formats, but may be asked about. */
export function FormatBar({
  editor,
  formats,
  tool,
}: {
  editor: Editor;
  formats: boolean;
  tool: SelectionTool | undefined;
}) {
  const { t } = useTranslation();
  const seen = useEditorState({ editor, selector: ({ editor: current }) => look(current) });
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const pointerDown = usePointerDown(editor);
  const inBar = useFocusInBar(editor);
  useEffect(() => {
    if (pointerDown) setAsking(false);
  }, [pointerDown]);

  useEffect(() => {
    const { dom } = editor.view;
    const onKey = (event: KeyboardEvent): void => {
      if (
        !(event.ctrlKey || event.metaKey) ||
        event.key.toLowerCase() !== 'k' ||
        event.shiftKey ||
        event.altKey
      )
        return;
      const now = look(editor);
      if (!formats || !editor.isEditable) return;
      if (!now.text && now.link === null) return;
      event.preventDefault();
      event.stopPropagation();
      setEditing(true);
    };
    dom.addEventListener('keydown', onKey);
    return () => dom.removeEventListener('keydown', onKey);
  }, [editor, formats]);

  const { from, to } = seen;
  const anchor = useCallback(() => {
    if (editor.isDestroyed) return null;
    const end = editor.state.doc.content.size;
    return posToDOMRect(editor.view, Math.min(from, end), Math.min(to, end));
  }, [editor, from, to]);

  const stop = (): void => {
    setEditing(false);
    setAsking(false);
    if (!editor.isDestroyed) editor.commands.focus();
  };

  const canFormat = formats && editor.isEditable;
  const some = (canFormat && (seen.text || seen.link !== null)) || (tool !== undefined && seen.selected);
  if (!asking && !(canFormat && editing) && !((seen.focused || inBar) && !pointerDown && some)) return null;
  const ask = tool !== undefined && seen.selected && (
    <BarButton label={tool.label} onClick={() => setAsking(true)}>
      {tool.icon}
    </BarButton>
  );
  let content: ReactNode;
  let label = t('editor.format.label');
  if (asking && tool !== undefined) {
    content = tool.panel(editor, stop);
    label = tool.label;
  } else if (canFormat && editing) {
    content = <LinkForm editor={editor} href={seen.link} close={stop} />;
    label = t('editor.link.label');
  } else if (canFormat && seen.text) {
    content = (
      <>
        <Formats editor={editor} seen={seen} editLink={() => setEditing(true)} />
        {ask !== false && <span className="bar-gap" aria-hidden />}
        {ask}
      </>
    );
  } else if (canFormat && seen.link !== null) {
    content = <LinkTools editor={editor} href={seen.link} edit={() => setEditing(true)} />;
    label = t('editor.link.label');
  } else content = ask;
  return (
    <FloatingBar
      label={label}
      anchor={anchor}
      context={editor.view.dom}
      // An answer is larger than a bar: it stands below, where less that is being read is covered.
      placement={asking ? 'bottom-start' : 'top'}
    >
      {content}
    </FloatingBar>
  );
}

function Formats({ editor, seen, editLink }: { editor: Editor; seen: Seen; editLink: () => void }) {
  const { t } = useTranslation();
  const button = (mark: (typeof MARKS)[number], icon: ReactNode, run: () => void): ReactNode => (
    <BarButton label={t(`editor.format.${mark}`)} pressed={seen.active[mark] ?? false} onClick={run}>
      {icon}
    </BarButton>
  );
  return (
    <>
      {button('bold', <IconBold size={17} />, () => editor.chain().focus().toggleBold().run())}
      {button('italic', <IconItalic size={17} />, () => editor.chain().focus().toggleItalic().run())}
      {button('underline', <IconUnderline size={17} />, () => editor.chain().focus().toggleUnderline().run())}
      {button('strike', <IconStrikethrough size={17} />, () => editor.chain().focus().toggleStrike().run())}
      {button('code', <IconCode size={17} />, () => editor.chain().focus().toggleCode().run())}
      {button('highlight', <IconHighlight size={17} />, () =>
        editor.chain().focus().toggleHighlight({ color: 'yellow' }).run(),
      )}
      {button('link', <IconLink size={17} />, editLink)}
    </>
  );
}

function LinkTools({ editor, href, edit }: { editor: Editor; href: string; edit: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <a className="bar-link" href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
        <IconExternalLink size={15} aria-hidden />
        <span>{href.replace(/^(https?:\/\/|mailto:)/, '')}</span>
        <span className="unseen">{t('editor.link.open')}</span>
      </a>
      <BarButton label={t('editor.link.edit')} onClick={edit}>
        <IconPencil size={17} />
      </BarButton>
      <BarButton
        label={t('editor.link.remove')}
        onClick={() => editor.chain().focus().extendMarkRange('link').unsetLink().run()}
      >
        <IconLinkOff size={17} />
      </BarButton>
    </>
  );
}

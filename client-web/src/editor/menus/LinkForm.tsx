import type { Editor } from '@tiptap/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

const MAIL = /^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** What a person typed as an address that may be stored, or null. A bare domain is taken for a web address. */
export function linkAddress(text: string): string | null {
  const typed = text.trim();
  if (typed === '' || /\s/.test(typed)) return null;
  if (/^[/#]/.test(typed)) return typed.startsWith('//') ? null : typed;
  if (MAIL.test(typed)) return `mailto:${typed}`;
  const hasPort = /^[a-z0-9.-]+:\d+(\/|$)/i.test(typed);
  const full = SCHEME.test(typed) && !hasPort ? typed : `https://${typed}`;
  try {
    const { protocol } = new URL(full);
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(protocol) ? full : null;
  } catch {
    return null;
  }
}

export function LinkForm({
  editor,
  href,
  close,
}: {
  editor: Editor;
  href: string | null;
  close: () => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(href ?? '');
  const [bad, setBad] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
    input.current?.select();
  }, []);

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const chain = editor.chain().focus().extendMarkRange('link');
    if (typed.trim() === '') {
      chain.unsetLink().run();
      close();
      return;
    }
    const address = linkAddress(typed);
    if (address === null) {
      setBad(true);
      return;
    }
    chain.setLink({ href: address }).run();
    close();
  };

  return (
    <form
      className="link-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        close();
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) close();
      }}
    >
      <input
        ref={input}
        type="text"
        inputMode="url"
        autoComplete="off"
        aria-label={t('editor.link.address')}
        aria-invalid={bad}
        aria-describedby={bad ? 'link-form-bad' : undefined}
        placeholder={t('editor.link.placeholder')}
        value={typed}
        onChange={(event) => {
          setBad(false);
          setTyped(event.currentTarget.value);
        }}
      />
      <button type="submit" className="bar-button bar-apply">
        {t('editor.link.apply')}
      </button>
      {bad && (
        <span id="link-form-bad" className="link-form-bad" role="alert">
          {t('editor.link.bad')}
        </span>
      )}
    </form>
  );
}

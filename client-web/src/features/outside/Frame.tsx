import '../../locales/outside';
import './outside.css';
import { SegmentedControl } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { isLanguage, LANGUAGES, setLanguage } from '../../locales';
import { Logo } from '../../ui/Logo';

/** What stands around every view that one sees without being signed in. */
export function Frame({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  const { t, i18n } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);
  return (
    <div className="outside">
      <main className="outside-card" id="content" tabIndex={-1}>
        <Logo size={40} />
        <h1 dir="auto">{title}</h1>
        {text !== undefined && <p className="outside-text">{text}</p>}
        {children}
      </main>
      <footer>
        <SegmentedControl
          size="xs"
          aria-label={t('settings.language')}
          value={i18n.language}
          onChange={(value) => isLanguage(value) && setLanguage(value)}
          data={Object.entries(LANGUAGES).map(([value, language]) => ({
            value,
            label: <span lang={value}>{language.name}</span>,
          }))}
        />
      </footer>
    </div>
  );
}

/** What went wrong with the whole form; read out as soon as it appears. */
export function Fault({ text }: { text: string | null }) {
  return <div role="alert">{text !== null && <p className="form-fault">{text}</p>}</div>;
}

import { Button, Skeleton, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { PageEditors } from '../../editor/PageEditors';
import { StaticPage } from '../../editor/StaticPage';
import { getPerson, NAME_CHARACTERS_MAX, type Session, setPerson } from '../../sync';
import { Dialog } from '../../ui/Dialog';
import { Logo } from '../../ui/Logo';
import { Notice } from '../../ui/Notice';
import { Faces } from './Faces';
import { StateWord } from './StateWord';
import { useSession } from './useSession';
import { useTitleText } from './useTitleText';

const NAMED = 'weft.named';

function isNamed(): boolean {
  try {
    return localStorage.getItem(NAMED) !== null;
  } catch {
    return false;
  }
}

/** A shared page: its text and who is there, and nothing of the wiki around it. */
export function SharedView(props: { pageId: string; title: string; mayEdit: boolean }) {
  const session = useSession(props.pageId);
  return session === null ? null : <Opened session={session} {...props} />;
}

function Opened({ session, title, mayEdit }: { session: Session; title: string; mayEdit: boolean }) {
  const { t } = useTranslation();
  const view = useSyncExternalStore(session.subscribe, session.getView);
  const written = useTitleText(session.doc);
  const shownTitle = (view.ready ? written : title) || t('app.untitled');
  const [asks, setAsks] = useState(() => mayEdit && !isNamed());
  useEffect(() => {
    document.title = `${shownTitle} · ${t('app.name')}`;
  }, [shownTitle, t]);
  let content: ReactNode;
  if (view.save.kind === 'denied') {
    content = <Notice level={1} title={t('shared.endedTitle')} text={t('shared.endedText')} />;
  } else if (view.miss !== null) content = <StaticPage doc={session.doc} />;
  else if (view.ready) content = <PageEditors session={session} readOnly={view.readOnly || !mayEdit} />;
  else content = <Skeleton height={36} width="55%" />;
  return (
    <>
      <header className="topbar">
        <div className="topbar-main">
          <Logo />
          <span className="topbar-title" dir="auto">
            {shownTitle}
          </span>
          {mayEdit && <StateWord save={view.save} />}
        </div>
        <div className="topbar-end">
          <Faces session={session} />
        </div>
      </header>
      <main className="column page" id="content" tabIndex={-1}>
        {content}
      </main>
      {asks && <NameDialog close={() => setAsks(false)} />}
    </>
  );
}

/** Asked once: others see the name beside the caret. */
function NameDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(() => getPerson().name);
  const keep = (): void => {
    setPerson({ name });
    try {
      localStorage.setItem(NAMED, 'yes');
    } catch {
      // Blocked storage: one is asked again next time.
    }
    close();
  };
  return (
    <Dialog opened onClose={keep} title={t('shared.nameTitle')} size="sm">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          keep();
        }}
      >
        <TextInput
          data-autofocus
          label={t('settings.name')}
          description={t('settings.nameHelp')}
          maxLength={NAME_CHARACTERS_MAX}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <div className="form-end">
          <Button type="submit">{t('shared.begin')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

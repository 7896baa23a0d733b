import { Button, Skeleton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, Suspense, use, useEffect, useRef, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { PageEditors } from '../../editor/PageEditors';
import { StaticPage } from '../../editor/StaticPage';
import type { Session, SessionView } from '../../sync';
import { Notice } from '../../ui/Notice';
import { Topbar } from '../../ui/Topbar';
import { Faces } from './Faces';
import { HistoryButton } from './HistoryButton';
import { PagePartsContext } from './parts';
import { StateWord } from './StateWord';
import { useHistoryMode } from './useHistoryMode';
import { useTitleText } from './useTitleText';
import { useWhoWrote } from './useWhoWrote';

export function BadAddress() {
  const { t } = useTranslation();
  return (
    <>
      <Topbar />
      <main className="column" id="content" tabIndex={-1}>
        <Notice level={1} title={t('lost.title')} text={t('lost.text')}>
          <Button renderRoot={(props) => <Link to="/" {...props} />}>{t('lost.home')}</Button>
        </Notice>
      </main>
    </>
  );
}

export function PageView({ session }: { session: Session }) {
  const { t } = useTranslation();
  const view = useSyncExternalStore(session.subscribe, session.getView);
  const title = useTitleText(session.doc);
  const shownTitle = title === '' ? t('app.untitled') : title;
  useEffect(() => {
    document.title = `${shownTitle} · ${t('app.name')}`;
  }, [shownTitle, t]);
  useListRefresh(view.save.kind, title);
  const history = useHistoryMode();
  const parts = use(PagePartsContext);
  const isDenied = view.save.kind === 'denied';
  const showsPast = history.isOpen && !isDenied && parts !== null;

  return (
    <>
      <Topbar
        end={
          <>
            {!isDenied && parts !== null && (
              <HistoryButton pressed={showsPast} onClick={history.isOpen ? history.leave : history.enter} />
            )}
            <Faces session={session} />
          </>
        }
      >
        <nav className="breadcrumb" aria-label={t('page.breadcrumb')}>
          <Link to="/">{t('start.title')}</Link>
          <span aria-hidden>/</span>
        </nav>
        <span className="topbar-title" data-untitled={title === ''} dir="auto">
          {shownTitle}
        </span>
        <StateWord save={view.save} />
      </Topbar>
      {showsPast && (
        <Suspense fallback={<main className="column page" />}>
          <parts.History session={session} canWrite={!view.readOnly} leave={history.leave} />
        </Suspense>
      )}
      {/* Kept while the past is looked at: what one was about to undo can still be undone afterwards. */}
      <main
        className="column page"
        hidden={showsPast}
        tabIndex={-1}
        {...(showsPast ? {} : { id: 'content' })}
      >
        <Content session={session} view={view} />
      </main>
    </>
  );
}

/** The lists of pages show titles: they are asked for again once a new one is stored. */
function useListRefresh(kind: SessionView['save']['kind'], title: string): void {
  const queries = useQueryClient();
  const listed = useRef(title);
  useEffect(() => {
    if (kind !== 'saved' || listed.current === title) return;
    const timer = setTimeout(() => {
      listed.current = title;
      void queries.invalidateQueries({ queryKey: ['documents'] });
    }, 700);
    return () => clearTimeout(timer);
  }, [kind, title, queries]);
}

function Content({ session, view }: { session: Session; view: SessionView }): ReactNode {
  const { t } = useTranslation();
  const whoWrote = useWhoWrote(session);
  if (view.save.kind === 'denied') {
    return (
      <Notice level={1} tone="bad" title={t('page.deniedTitle')} text={t('page.deniedText')}>
        <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
          {t('lost.home')}
        </Button>
      </Notice>
    );
  }
  if (view.miss !== null) {
    return (
      <>
        <div className="newer" role="alert">
          <div>
            <strong>{t('page.newer')}</strong>
            <p>{t('page.newerDetail')}</p>
          </div>
          <Button size="xs" onClick={() => window.location.reload()}>
            {t('page.reload')}
          </Button>
        </div>
        <StaticPage doc={session.doc} />
      </>
    );
  }
  if (view.ready) return <PageEditors session={session} readOnly={view.readOnly} tool={whoWrote} />;
  if (view.save.kind === 'offline' || view.save.kind === 'reconnecting') {
    return (
      <Notice level={1} title={t('page.waitingTitle')} text={t('page.waitingText')}>
        <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
          {t('lost.home')}
        </Button>
      </Notice>
    );
  }
  return (
    <div className="page-loading" aria-label={t('page.loading')} role="status">
      <Skeleton height={36} width="55%" mb={28} />
      <Skeleton height={16} mb={12} />
      <Skeleton height={16} width="92%" mb={12} />
      <Skeleton height={16} width="64%" />
    </div>
  );
}

import { Button, Skeleton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { PageEditors } from '../../editor/PageEditors';
import { StaticPage } from '../../editor/StaticPage';
import type { Session, SessionView } from '../../sync';
import { Notice } from '../../ui/Notice';
import { Topbar } from '../../ui/Topbar';
import { Faces } from './Faces';
import { StateWord } from './StateWord';
import { useTitleText } from './useTitleText';

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

  return (
    <>
      <Topbar end={<Faces session={session} />}>
        <nav className="breadcrumb" aria-label={t('page.breadcrumb')}>
          <Link to="/">{t('start.title')}</Link>
          <span aria-hidden>/</span>
        </nav>
        <span className="topbar-title" data-untitled={title === ''} dir="auto">
          {shownTitle}
        </span>
        <StateWord save={view.save} />
      </Topbar>
      <main className="column page" id="content" tabIndex={-1}>
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
  if (view.ready) return <PageEditors session={session} readOnly={view.readOnly} />;
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

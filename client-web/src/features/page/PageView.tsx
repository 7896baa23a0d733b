import { Button, Skeleton } from '@mantine/core';
import { IconMoodSmile } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, use, useEffect, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../../api/pages';
import { atLeast } from '../../api/spaces';
import { PageEditors } from '../../editor/PageEditors';
import { StaticPage } from '../../editor/StaticPage';
import type { Session, SessionView } from '../../sync';
import { Notice } from '../../ui/Notice';
import { Topbar } from '../../ui/Topbar';
import { openDialog } from '../../wiki/dialogs';
import { Banner } from './Banner';
import { Breadcrumb } from './Breadcrumb';
import { Denied } from './Denied';
import { Faces } from './Faces';
import { HistoryButton } from './HistoryButton';
import { ShareButton, Star } from './PageTools';
import { PagePartsContext } from './parts';
import { StateWord } from './StateWord';
import { useListedTitle, useReadableAddress } from './useAddress';
import { useHistoryMode } from './useHistoryMode';
import { useTitleText } from './useTitleText';
import { useWhoWrote } from './useWhoWrote';

const MoreMenu = lazy(() => import('./MoreMenu'));

/** Whether the page as such, apart from its connection, is one to write in. */
const isWritable = (page: Page | undefined): boolean =>
  page === undefined || (atLeast(page.level, 'edit') && page.trashed === null && !page.archived);

export function PageView({ session, page }: { session: Session; page: Page | undefined }) {
  const { t } = useTranslation();
  const view = useSyncExternalStore(session.subscribe, session.getView);
  const written = useTitleText(session.doc);
  // Until the document is here, its title is known from the list.
  const title = view.ready ? written : (page?.title ?? '');
  const shownTitle = title === '' ? t('app.untitled') : title;
  useEffect(() => {
    document.title = `${shownTitle} · ${t('app.name')}`;
  }, [shownTitle, t]);
  useReadableAddress(page, title);
  useListedTitle(page?.id, title, view.ready);
  const history = useHistoryMode();
  const parts = use(PagePartsContext);
  const showsPast = history.isOpen && parts !== null;
  const readOnly = view.readOnly || !isWritable(page);
  if (view.save.kind === 'denied') return <Denied />;

  return (
    <>
      <Topbar
        end={
          <>
            <Faces session={session} />
            {page !== undefined && <ShareButton page={page} />}
            {parts !== null && (
              <HistoryButton pressed={showsPast} onClick={history.isOpen ? history.leave : history.enter} />
            )}
            <Suspense fallback={<span className="more-room" />}>
              {page !== undefined && <MoreMenu page={page} />}
            </Suspense>
          </>
        }
      >
        {page !== undefined && <Breadcrumb page={page} />}
        <span className="topbar-title" data-untitled={title === ''} dir="auto">
          {shownTitle}
        </span>
        {page !== undefined && <Star page={page} />}
        <StateWord save={view.save} />
      </Topbar>
      {showsPast && (
        <Suspense fallback={<main className="column page" />}>
          <parts.History session={session} canWrite={!readOnly} leave={history.leave} />
        </Suspense>
      )}
      {/* Kept while the past is looked at: what one was about to undo can still be undone afterwards. */}
      <main
        className="column page"
        hidden={showsPast}
        tabIndex={-1}
        {...(showsPast ? {} : { id: 'content' })}
      >
        {page !== undefined && <Banner page={page} />}
        {page !== undefined && view.miss === null && <Sign page={page} mayChange={!readOnly} />}
        <Content session={session} view={view} readOnly={readOnly} />
      </main>
    </>
  );
}

/** The page's own sign, large above its title. */
function Sign({ page, mayChange }: { page: Page; mayChange: boolean }) {
  const { t } = useTranslation();
  if (page.icon === null && !mayChange) return null;
  if (!mayChange) {
    return (
      <div className="page-sign" aria-hidden>
        {page.icon}
      </div>
    );
  }
  return (
    <button
      type="button"
      className="page-sign"
      data-empty={page.icon === null}
      aria-label={t(page.icon === null ? 'page.addIcon' : 'do.icon')}
      onClick={() => openDialog({ kind: 'icon', page: page.id })}
    >
      {page.icon ?? (
        <>
          <IconMoodSmile size={16} aria-hidden />
          {t('page.addIcon')}
        </>
      )}
    </button>
  );
}

function Content(props: { session: Session; view: SessionView; readOnly: boolean }): ReactNode {
  const { session, view, readOnly } = props;
  const { t } = useTranslation();
  const whoWrote = useWhoWrote(session);
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
  if (view.ready) return <PageEditors session={session} readOnly={readOnly} tool={whoWrote} />;
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

import { Button, Skeleton, TextInput } from '@mantine/core';
import { IconFileText, IconPlugConnected, IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, type DocumentSummary, listDocuments } from '../../api/documents';
import { pageOf } from '../../sync/pageId';
import { Logo } from '../../ui/Logo';
import { Notice } from '../../ui/Notice';
import { RelativeTime } from '../../ui/RelativeTime';
import { useShell } from '../../ui/shell';
import { Topbar } from '../../ui/Topbar';

function matching(documents: DocumentSummary[], query: string): DocumentSummary[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return documents;
  return documents.filter((one) => (one.title ?? one.name).toLocaleLowerCase().includes(wanted));
}

export function StartPage() {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const { newPage } = useShell();
  const documents = useQuery({
    queryKey: ['documents'],
    queryFn: ({ signal }) => listDocuments(signal),
    refetchInterval: 15_000,
  });
  useEffect(() => {
    document.title = t('app.name');
  }, [t]);

  const all = documents.data ?? [];
  const shown = matching(all, query);
  let content: ReactNode;
  if (documents.isPending) content = <Loading />;
  else if (documents.isError && documents.data === undefined) {
    content = <Failed error={documents.error} retry={() => void documents.refetch()} />;
  } else if (all.length === 0) content = <Empty newPage={newPage} />;
  else if (shown.length === 0) content = <NoMatch query={query.trim()} clear={() => setQuery('')} />;
  else content = <List documents={shown} />;

  return (
    <>
      <Topbar />
      <main className="column start" id="content" tabIndex={-1}>
        <div className="start-head">
          <h1>{t('start.title')}</h1>
          {all.length > 0 && (
            <Button leftSection={<IconPlus size={17} />} onClick={newPage}>
              {t('app.newPage')}
            </Button>
          )}
        </div>
        {all.length > 0 && (
          <TextInput
            type="search"
            aria-label={t('start.filter')}
            placeholder={t('start.filter')}
            leftSection={<IconSearch size={16} />}
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
          />
        )}
        <p className="unseen" role="status">
          {documents.isSuccess && query !== '' ? t('start.count', { count: shown.length }) : ''}
        </p>
        {content}
      </main>
    </>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('start.loading')} className="documents">
      {[70, 45, 58, 38].map((width) => (
        <Skeleton key={width} height={18} width={`${width}%`} my={14} />
      ))}
    </div>
  );
}

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation();
  const answered = error instanceof ApiError && error.status !== null && error.status < 500;
  return (
    <div role="alert">
      <Notice
        tone="bad"
        title={t(answered ? 'start.errorAnswerTitle' : 'start.errorTitle')}
        text={t(answered ? 'start.errorAnswerText' : 'start.errorText')}
      >
        <Button variant="default" onClick={retry}>
          {t('start.retry')}
        </Button>
      </Notice>
    </div>
  );
}

function Empty({ newPage }: { newPage: () => void }) {
  const { t } = useTranslation();
  return (
    <Notice picture={<Logo size={56} />} title={t('start.emptyTitle')} text={t('start.emptyText')}>
      <Button leftSection={<IconPlus size={17} />} onClick={newPage}>
        {t('app.newPage')}
      </Button>
    </Notice>
  );
}

function NoMatch({ query, clear }: { query: string; clear: () => void }) {
  const { t } = useTranslation();
  return (
    <Notice title={t('start.noMatchTitle', { query })} text={t('start.noMatchText')}>
      <Button variant="default" onClick={clear}>
        {t('start.clearFilter')}
      </Button>
    </Notice>
  );
}

function List({ documents }: { documents: DocumentSummary[] }) {
  return (
    <ul className="documents">
      {documents.map((one) => (
        <li key={one.name}>
          <Row document={one} />
        </li>
      ))}
    </ul>
  );
}

function Row({ document: one }: { document: DocumentSummary }) {
  const { t } = useTranslation();
  const pageId = pageOf(one.name);
  if (pageId !== null) {
    return (
      <Link to="/page/$pageId" params={{ pageId }} className="document">
        <IconFileText size={19} aria-hidden />
        <span className="document-title" data-untitled={one.title === null} dir="auto">
          {one.title ?? t('app.untitled')}
        </span>
        <RelativeTime at={one.updated} />
      </Link>
    );
  }
  return (
    <Link to="/room/$name" params={{ name: one.name }} className="document">
      <IconPlugConnected size={19} aria-hidden />
      <span className="document-title" dir="auto">
        {one.title ?? one.name}
        <span className="document-note">{t('start.foreign')}</span>
      </span>
      <RelativeTime at={one.updated} />
    </Link>
  );
}

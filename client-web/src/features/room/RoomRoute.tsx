import '../../locales/room';
import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, readText } from '../../api/documents';
import { Notice } from '../../ui/Notice';
import { Topbar } from '../../ui/Topbar';

/** Another app's document: its name and its plain text, to be looked at. */
export function RoomRoute() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/inside/shell/room/$name' });
  const text = useQuery({ queryKey: ['text', name], queryFn: ({ signal }) => readText(name, signal) });
  useEffect(() => {
    document.title = `${name} · ${t('app.name')}`;
  }, [name, t]);
  return (
    <>
      <Topbar>
        <span className="topbar-title" dir="auto">
          {name}
        </span>
      </Topbar>
      <main className="column" id="content" tabIndex={-1}>
        <h1 className="room-name" dir="auto">
          {name}
        </h1>
        <p className="room-note">{t('room.note')}</p>
        <Text text={text.data} error={text.error} />
      </main>
    </>
  );
}

function Text({ text, error }: { text: string | undefined; error: unknown }) {
  const { t } = useTranslation();
  if (error !== null && error !== undefined) {
    const missing = error instanceof ApiError && error.status === 404;
    return (
      <Notice
        tone={missing ? 'plain' : 'bad'}
        title={t(missing ? 'room.missingTitle' : 'room.errorTitle')}
        text={t(missing ? 'room.missingText' : 'room.errorText')}
      >
        <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
          {t('room.home')}
        </Button>
      </Notice>
    );
  }
  if (text === undefined) {
    return (
      <div role="status" aria-label={t('room.loading')}>
        <Skeleton height={16} width="70%" my={10} />
        <Skeleton height={16} width="55%" my={10} />
      </div>
    );
  }
  if (text.trim() === '') return <p className="room-note">{t('room.empty')}</p>;
  return (
    <section className="room-text" dir="auto">
      {text}
    </section>
  );
}

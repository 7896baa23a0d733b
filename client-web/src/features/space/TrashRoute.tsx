import '../../locales/space';
import './space.css';
import { Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TrashedRow } from '../../api/pages';
import type { Space } from '../../api/spaces';
import { Dialog } from '../../ui/Dialog';
import { Notice } from '../../ui/Notice';
import { RelativeTime } from '../../ui/RelativeTime';
import { Topbar } from '../../ui/Topbar';
import { useActions } from '../../wiki/actions';
import { PageIcon } from '../../wiki/PageIcon';
import { PageLink } from '../../wiki/PageLink';
import { peopleQuery, trashQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { NoSpace, useSpace } from './SpaceRoute';

export function TrashRoute() {
  const { t } = useTranslation();
  const { space, isPending } = useSpace();
  useEffect(() => {
    document.title = `${t('app.trash')} · ${space?.name ?? t('app.name')}`;
  }, [space, t]);
  return (
    <>
      <Topbar>
        {space !== undefined && (
          <nav className="breadcrumb" aria-label={t('space.where')}>
            <Link to="/$space" params={{ space: space.slug }} dir="auto">
              {space.name}
            </Link>
          </nav>
        )}
      </Topbar>
      <main className="column start" id="content" tabIndex={-1}>
        <div className="start-head">
          <h1>{t('app.trash')}</h1>
        </div>
        {!isPending && space === undefined && <NoSpace />}
        {space !== undefined && <Trash space={space} />}
      </main>
    </>
  );
}

function Trash({ space }: { space: Space }) {
  const { t } = useTranslation();
  const actions = useActions();
  const trash = useQuery(trashQuery(space.id));
  const people = useQuery(peopleQuery);
  const [ending, setEnding] = useState<TrashedRow | null>(null);
  if (trash.isPending) return <Loading label={t('space.loading')} />;
  if (trash.data === undefined) return <Trouble error={trash.error} retry={() => void trash.refetch()} />;
  if (trash.data.length === 0) {
    return (
      <Notice
        picture={<IconTrash size={36} className="notice-icon" aria-hidden />}
        title={t('space.trashEmptyTitle')}
        text={t('space.trashEmptyText')}
      />
    );
  }
  return (
    <>
      <p className="space-about">{t('space.trashAbout')}</p>
      <ul className="documents">
        {trash.data.map((row) => {
          const by = people.data?.find((person) => person.id === row.trashed.by)?.name;
          return (
            <li key={row.id} className="trash-row">
              <PageLink row={row} className="document">
                <PageIcon icon={row.icon} size={19} />
                <span className="document-title" data-untitled={row.title === ''} dir="auto">
                  {actions.named(row)}
                </span>
                {by !== undefined && <span className="document-note">{by}</span>}
                <RelativeTime at={row.trashed.at} />
              </PageLink>
              <Button size="xs" variant="default" onClick={() => void actions.restore(row.id)}>
                {t('space.restore')}
              </Button>
              {space.level === 'manage' && (
                <Button size="xs" variant="subtle" color="red" onClick={() => setEnding(row)}>
                  {t('space.deleteForever')}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {ending !== null && (
        <Dialog
          opened
          onClose={() => setEnding(null)}
          title={t('space.deleteTitle', { title: actions.named(ending) })}
        >
          <p>{t('space.deleteText')}</p>
          <div className="form-end">
            <Button data-autofocus variant="default" onClick={() => setEnding(null)}>
              {t('do.cancel')}
            </Button>
            <Button
              color="red"
              onClick={() => {
                setEnding(null);
                void actions.removeForever(ending);
              }}
            >
              {t('space.deleteForever')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

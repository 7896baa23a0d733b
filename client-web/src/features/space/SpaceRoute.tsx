import '../../locales/space';
import './space.css';
import '@mantine/core/styles/Tabs.css';
import { Button, Tabs } from '@mantine/core';
import { IconPlus, IconTemplate, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../../api/pages';
import { atLeast, type Space } from '../../api/spaces';
import { Notice } from '../../ui/Notice';
import { Topbar } from '../../ui/Topbar';
import { rememberSpace, useActions } from '../../wiki/actions';
import { openDialog } from '../../wiki/dialogs';
import { SpaceIcon } from '../../wiki/PageIcon';
import { pagesQuery, spacesQuery } from '../../wiki/queries';
import { RowList } from '../../wiki/RowList';
import { Loading, Trouble } from '../../wiki/Trouble';
import { growTree } from '../../wiki/tree';

const SpacePeople = lazy(() => import('./SpacePeople'));
const SpaceSettings = lazy(() => import('./SpaceSettings'));

export function useSpace(): { space: Space | undefined; isPending: boolean } {
  const { space: slug } = useParams({ strict: false }) as { space: string };
  const { data, isPending } = useQuery(spacesQuery);
  return { space: data?.find((space) => space.slug === slug), isPending };
}

export function SpaceRoute() {
  const { t } = useTranslation();
  const { space, isPending } = useSpace();
  useEffect(() => {
    if (space === undefined) return;
    document.title = `${space.name} · ${t('app.name')}`;
    rememberSpace(space.id);
  }, [space, t]);
  return (
    <>
      <Topbar />
      <main className="column start" id="content" tabIndex={-1}>
        {isPending && <Loading label={t('space.loading')} />}
        {!isPending && space === undefined && <NoSpace />}
        {space !== undefined && <OneSpace key={space.id} space={space} />}
      </main>
    </>
  );
}

export function NoSpace() {
  const { t } = useTranslation();
  return (
    <Notice level={1} title={t('space.noneTitle')} text={t('space.noneText')}>
      <Button renderRoot={(props) => <Link to="/" {...props} />}>{t('lost.home')}</Button>
    </Notice>
  );
}

function OneSpace({ space }: { space: Space }) {
  const { t } = useTranslation();
  const actions = useActions();
  const manages = space.level === 'manage';
  const mayEdit = atLeast(space.level, 'edit');
  return (
    <>
      <div className="start-head">
        <h1 dir="auto">
          <SpaceIcon icon={space.icon} size={28} /> {space.name}
        </h1>
        <div className="start-tools">
          {mayEdit && (
            <Button
              variant="default"
              leftSection={<IconTrash size={16} />}
              renderRoot={(props) => <Link to="/$space/trash" params={{ space: space.slug }} {...props} />}
            >
              {t('app.trash')}
            </Button>
          )}
          {mayEdit && (
            <Button
              variant="default"
              leftSection={<IconTemplate size={16} />}
              onClick={() => openDialog({ kind: 'template', space: space.id })}
            >
              {t('space.fromTemplate')}
            </Button>
          )}
          {mayEdit && (
            <Button leftSection={<IconPlus size={17} />} onClick={() => actions.newPage({ space: space.id })}>
              {t('app.newPage')}
            </Button>
          )}
        </div>
      </div>
      {space.description !== '' && (
        <p className="space-about" dir="auto">
          {space.description}
        </p>
      )}
      <Tabs defaultValue="pages" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="pages">{t('space.pages')}</Tabs.Tab>
          <Tabs.Tab value="people">{t('space.people')}</Tabs.Tab>
          {manages && <Tabs.Tab value="settings">{t('app.settings')}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="pages">
          <Pages space={space} />
        </Tabs.Panel>
        <Tabs.Panel value="people">
          <Suspense fallback={<Loading label={t('space.loading')} />}>
            <SpacePeople space={space} />
          </Suspense>
        </Tabs.Panel>
        {manages && (
          <Tabs.Panel value="settings">
            <Suspense fallback={<Loading label={t('space.loading')} />}>
              <SpaceSettings space={space} />
            </Suspense>
          </Tabs.Panel>
        )}
      </Tabs>
    </>
  );
}

function Pages({ space }: { space: Space }) {
  const { t } = useTranslation();
  const actions = useActions();
  const pages = useQuery(pagesQuery(space.id));
  const heading = useId();
  const [showsArchived, setShowsArchived] = useState(false);
  if (pages.isPending) return <Loading label={t('space.loading')} />;
  if (pages.data === undefined) return <Trouble error={pages.error} retry={() => void pages.refetch()} />;
  const live = pages.data.filter((row) => !row.archived);
  const top: readonly Row[] = (growTree(live).get(null) ?? []).filter((row) => !row.template);
  const templates = live.filter((row) => row.template);
  const archived = pages.data.filter((row) => row.archived);
  return (
    <>
      {top.length === 0 ? (
        <Notice title={t('space.emptyTitle')} text={t('space.emptyText')}>
          {atLeast(space.level, 'edit') && (
            <Button onClick={() => actions.newPage({ space: space.id })}>{t('app.newPage')}</Button>
          )}
        </Notice>
      ) : (
        <RowList rows={top} showSpace={false} />
      )}
      {templates.length > 0 && (
        <section className="space-templates" aria-labelledby={heading}>
          <h2 id={heading}>{t('space.templates')}</h2>
          <RowList rows={templates} showSpace={false} />
        </section>
      )}
      {archived.length > 0 && (
        <section className="space-archived">
          <Button
            variant="subtle"
            color="gray"
            size="xs"
            aria-expanded={showsArchived}
            onClick={() => setShowsArchived(!showsArchived)}
          >
            {t('space.archived', { count: archived.length })}
          </Button>
          {showsArchived && <RowList rows={archived} showSpace={false} />}
        </section>
      )}
    </>
  );
}

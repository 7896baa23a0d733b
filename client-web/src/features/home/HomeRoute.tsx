import '../../locales/home';
import '@mantine/core/styles/Tabs.css';
import { Button, Tabs } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isAdmin, type Me } from '../../api/me';
import type { Home } from '../../api/pages';
import { Logo } from '../../ui/Logo';
import { Notice } from '../../ui/Notice';
import { NEW_PAGE_KEYS, useShell } from '../../ui/shell';
import { Topbar } from '../../ui/Topbar';
import { homeQuery, meQuery, serverQuery } from '../../wiki/queries';
import { RowList } from '../../wiki/RowList';
import { Loading, Trouble } from '../../wiki/Trouble';

const TABS = ['viewed', 'edited', 'mine', 'favourites'] as const;
type Tab = (typeof TABS)[number];

export function HomeRoute() {
  const { t } = useTranslation();
  const { newPage } = useShell();
  const home = useQuery(homeQuery);
  const server = useQuery(serverQuery);
  const me = useQuery(meQuery);
  const name = server.data?.name ?? t('app.name');
  useEffect(() => {
    document.title = `${t('app.home')} · ${name}`;
  }, [t, name]);
  return (
    <>
      <Topbar />
      <main className="column start" id="content" tabIndex={-1}>
        <div className="start-head">
          <h1>{t('home.title')}</h1>
          <Button leftSection={<IconPlus size={17} />} onClick={newPage}>
            {t('app.newPage')}
          </Button>
        </div>
        {home.isPending && <Loading label={t('home.loading')} />}
        {home.isError && home.data === undefined && (
          <Trouble error={home.error} retry={() => void home.refetch()} />
        )}
        {home.data !== undefined && <Lists home={home.data} me={me.data} />}
      </main>
    </>
  );
}

function Lists({ home, me }: { home: Home; me: Me | undefined }) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<Tab>(() => (home.viewed.length > 0 ? 'viewed' : 'edited'));
  const isNew = TABS.every((name) => home[name].length === 0);
  if (isNew) return <GettingStarted me={me} />;
  return (
    <Tabs value={tab} onChange={(value) => setTab((value ?? 'viewed') as Tab)}>
      <Tabs.List>
        {TABS.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {t(`home.${name}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {TABS.map((name) => (
        <Tabs.Panel key={name} value={name}>
          {home[name].length === 0 ? (
            <p className="list-empty">{t(`home.${name}Empty`)}</p>
          ) : (
            <RowList rows={home[name]} showSpace />
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function GettingStarted({ me }: { me: Me | undefined }) {
  const { t } = useTranslation();
  const { newPage } = useShell();
  return (
    <Notice
      picture={<Logo size={56} />}
      title={t('home.newTitle', { name: me?.name ?? '' })}
      text={t('home.newText', { keys: NEW_PAGE_KEYS })}
    >
      <Button leftSection={<IconPlus size={17} />} onClick={newPage}>
        {t('app.newPage')}
      </Button>
      {me !== undefined && isAdmin(me.role) && (
        <Button
          variant="default"
          renderRoot={(props) => <Link to="/admin/$section" params={{ section: 'invitations' }} {...props} />}
        >
          {t('home.invite')}
        </Button>
      )}
    </Notice>
  );
}

import '../../locales/palette';
import './palette.css';
import '@mantine/spotlight/styles.css';
import { Modal } from '@mantine/core';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../../api/pages';
import { useActions } from '../../wiki/actions';
import { readPagePart } from '../../wiki/address';
import { openDialog } from '../../wiki/dialogs';
import { useOwnSettings } from '../../wiki/me';
import { PageIcon } from '../../wiki/PageIcon';
import { findQuery, homeQuery, meQuery, spacesQuery } from '../../wiki/queries';
import { type Command, commandsFor, holds } from './commands';
import { foundPages } from './found';

const [store, spotlight] = createSpotlight();

const RECENT_MAX = 8;
const COMMANDS_AT_FIRST = 6;

function useCommands(): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const actions = useActions();
  const own = useOwnSettings();
  const me = useQuery(meQuery);
  const { page } = useParams({ strict: false }) as { page?: string };
  if (me.data === undefined) return [];
  return commandsFor(
    {
      me: me.data,
      page: page === undefined ? null : readPagePart(page),
      newPage: () => actions.newPage(),
      fromTemplate: () => openDialog({ kind: 'template' }),
      newSpace: () => openDialog({ kind: 'newSpace' }),
      move: (id) => openDialog({ kind: 'move', page: id }),
      share: (id) => openDialog({ kind: 'share', page: id }),
      history: () => void navigate({ to: '.', search: { history: 'now' } }),
      go: (to) => {
        if (to === 'home') void navigate({ to: '/' });
        else if (to === 'settings')
          void navigate({ to: '/settings/$section', params: { section: 'profile' } });
        else void navigate({ to: '/admin/$section', params: { section: 'people' } });
      },
      setTheme: own.setTheme,
      setLanguage: own.setLanguage,
      signOut: () => void own.signOut(),
    },
    t,
  );
}

/** Pages and commands in one list, by typing. */
export default function Palette({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const actions = useActions();
  const [text, setText] = useState('');
  useEffect(() => {
    spotlight.open();
    return () => spotlight.close();
  }, []);
  const question = text.trim();
  const home = useQuery(homeQuery);
  const spaces = useQuery(spacesQuery);
  const told = useQuery({ ...findQuery(question), placeholderData: (before) => before });
  const commands = useCommands();

  const known = client
    .getQueriesData<Row[]>({ queryKey: ['pages'] })
    .flatMap(([, rows]) => rows ?? [])
    .filter((row) => !row.archived);
  const pages =
    question === ''
      ? (home.data?.viewed ?? []).slice(0, RECENT_MAX)
      : foundPages(known, told.data ?? [], question);
  const shown =
    question === ''
      ? commands.slice(0, COMMANDS_AT_FIRST)
      : commands.filter(({ label, words }) => holds(`${label} ${words}`, question));
  const nameOfSpace = (id: string): string => spaces.data?.find((space) => space.id === id)?.name ?? '';
  return (
    <Spotlight.Root
      store={store}
      onSpotlightClose={close}
      query={text}
      onQueryChange={setText}
      shortcut={null}
      scrollable
      maxHeight={420}
      transitionProps={{ duration: 0 }}
    >
      <Modal.Title className="unseen">{t('app.search')}</Modal.Title>
      <Spotlight.Search
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.placeholder')}
        onKeyDown={(event) => {
          // Before an arrow has chosen, Enter means the first. One that ends a choice of Chinese characters means none.
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          const list = event.currentTarget.closest('[role="dialog"]');
          if (list?.querySelector('[data-selected]') === null) {
            list.querySelector<HTMLElement>('[data-action]')?.click();
          }
        }}
      />
      <Spotlight.ActionsList>
        {pages.length > 0 && (
          <Spotlight.ActionsGroup label={t(question === '' ? 'palette.recent' : 'palette.pages')}>
            {pages.map((row) => (
              <Spotlight.Action
                key={row.id}
                label={row.title || t('app.untitled')}
                description={nameOfSpace(row.space)}
                leftSection={<PageIcon icon={row.icon} size={19} isTemplate={row.template} />}
                onClick={() => void actions.open(row)}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {shown.length > 0 && (
          <Spotlight.ActionsGroup label={t('palette.commands')}>
            {shown.map((command) => (
              <Spotlight.Action
                key={command.id}
                label={command.label}
                leftSection={<command.icon size={19} aria-hidden />}
                rightSection={command.keys === undefined ? undefined : <kbd>{command.keys}</kbd>}
                onClick={command.run}
              />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {pages.length === 0 && shown.length === 0 && !told.isFetching && (
          <Spotlight.Empty>{t('palette.nothing', { text: question })}</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

import '../../locales/tree';
import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../../api/pages';
import { atLeast, type Space } from '../../api/spaces';
import { Dialog } from '../../ui/Dialog';
import { useActions } from '../../wiki/actions';
import { findRow } from '../../wiki/cache';
import { PageIcon, SpaceIcon } from '../../wiki/PageIcon';
import { pagesQuery, spacesQuery } from '../../wiki/queries';
import { pathTo, withBelow } from '../../wiki/tree';

const SHOWN_MAX = 50;

interface Choice {
  key: string;
  space: Space;
  parent: Row | null;
  above: string;
}

/** Every place the page may go to: a space, or below a page that is not itself or below it. */
function useChoices(row: Row | undefined): Choice[] {
  const { t } = useTranslation();
  const spaces = useQuery(spacesQuery);
  const open = useMemo(
    () => (spaces.data ?? []).filter((space) => atLeast(space.level, 'edit') && !space.archived),
    [spaces.data],
  );
  const lists = useQueries({
    queries: open.map((space) => pagesQuery(space.id)),
    combine: (results) => results.map(({ data }) => data ?? []),
  });
  return useMemo(() => {
    if (row === undefined) return [];
    const own = new Set(withBelow(lists.flat(), row.id).map(({ id }) => id));
    return open.flatMap((space, index) => {
      const rows = lists[index] ?? [];
      const pages = rows
        .filter((one) => !own.has(one.id) && !one.archived)
        .map((parent) => ({
          key: parent.id,
          space,
          parent,
          above: [space.name, ...pathTo(rows, parent.id).map((one) => one.title || t('app.untitled'))].join(
            ' / ',
          ),
        }));
      return [{ key: space.id, space, parent: null, above: t('move.top') }, ...pages];
    });
  }, [open, lists, row, t]);
}

const matches = (choice: Choice, query: string): boolean => {
  const name = (choice.parent?.title ?? choice.space.name).toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => name.includes(word));
};

/** Moves a page by typing where to. */
export default function MoveDialog({ pageId, close }: { pageId: string; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const actions = useActions();
  const [row] = useState(() => findRow(client, pageId));
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const choices = useChoices(row);
  const shown = choices.filter((choice) => matches(choice, query.trim())).slice(0, SHOWN_MAX);
  const chosen = shown[Math.min(at, shown.length - 1)];
  if (row === undefined) return null;

  const put = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    close();
    void actions.move(row, { space: choice.space.id, parent: choice.parent?.id ?? null });
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    // Enter that ends the choice of Chinese characters is not for us.
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((before) => Math.max(0, Math.min(shown.length - 1, before + step)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      put(chosen);
    }
  };
  return (
    <Dialog opened onClose={close} title={t('move.title', { title: actions.named(row) })}>
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.key}`}
        aria-label={t('move.search')}
        placeholder={t('move.search')}
        leftSection={<IconSearch size={16} />}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div role="listbox" id={list} aria-label={t('move.places')} className="choices">
        {shown.map((choice) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keyboard
          <div
            key={choice.key}
            id={`${list}-${choice.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={choice === chosen}
            className="choice"
            ref={(element) => {
              if (choice === chosen) element?.scrollIntoView({ block: 'nearest' });
            }}
            onClick={() => put(choice)}
          >
            {choice.parent === null ? (
              <SpaceIcon icon={choice.space.icon} />
            ) : (
              <PageIcon icon={choice.parent.icon} />
            )}
            <span className="choice-name" dir="auto">
              {choice.parent === null ? choice.space.name : choice.parent.title || t('app.untitled')}
            </span>
            <small dir="auto">{choice.above}</small>
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className="list-empty">{t('move.none')}</p>}
    </Dialog>
  );
}

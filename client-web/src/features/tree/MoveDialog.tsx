import '../../locales/tree';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../../api/pages';
import { takesPages } from '../../api/spaces';
import { Dialog } from '../../ui/Dialog';
import { useActions } from '../../wiki/actions';
import { type Choice, ChoiceList } from '../../wiki/ChoiceList';
import { findRow } from '../../wiki/cache';
import { PageIcon, SpaceIcon } from '../../wiki/PageIcon';
import { pagesQuery, spacesQuery } from '../../wiki/queries';
import { pathTo, withBelow } from '../../wiki/tree';

interface Target extends Choice {
  space: string;
  parent: string | null;
}

/** Every place the page may go to: a space, or below a page that is not itself or below it. */
function useTargets(row: Row | undefined): Target[] {
  const { t } = useTranslation();
  const spaces = useQuery(spacesQuery);
  const open = useMemo(() => (spaces.data ?? []).filter(takesPages), [spaces.data]);
  const lists = useQueries({
    queries: open.map((space) => pagesQuery(space.id)),
    combine: (results) => results.map(({ data }) => data ?? []),
  });
  return useMemo(() => {
    if (row === undefined) return [];
    const own = new Set(withBelow(lists.flat(), row.id).map(({ id }) => id));
    const named = (one: Row): string => one.title || t('app.untitled');
    return open.flatMap((space, index) => {
      const rows = lists[index] ?? [];
      const pages = rows
        .filter((one) => !own.has(one.id) && !one.archived)
        .map((parent) => ({
          key: parent.id,
          icon: <PageIcon icon={parent.icon} isTemplate={parent.template} />,
          name: named(parent),
          note: [space.name, ...pathTo(rows, parent.id).map(named)].join(' / '),
          space: space.id,
          parent: parent.id,
        }));
      const top = {
        key: space.id,
        icon: <SpaceIcon icon={space.icon} />,
        name: space.name,
        note: t('move.top'),
        space: space.id,
        parent: null,
      };
      return [top, ...pages];
    });
  }, [open, lists, row, t]);
}

/** Moves a page by typing where to. */
export default function MoveDialog({ pageId, close }: { pageId: string; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const actions = useActions();
  const [row] = useState(() => findRow(client, pageId));
  const targets = useTargets(row);
  if (row === undefined) return null;
  return (
    <Dialog opened onClose={close} title={t('move.title', { title: actions.named(row) })}>
      <ChoiceList
        choices={targets}
        search={t('move.search')}
        label={t('move.places')}
        none={t('move.none')}
        choose={({ space, parent }) => {
          close();
          void actions.move(row, { space, parent });
        }}
      />
    </Dialog>
  );
}

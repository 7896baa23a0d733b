import '../../locales/tree';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../../api/pages';
import { takesPages } from '../../api/spaces';
import { Dialog } from '../../ui/Dialog';
import { useActions } from '../../wiki/actions';
import { type Choice, ChoiceList } from '../../wiki/ChoiceList';
import { PageIcon } from '../../wiki/PageIcon';
import { pagesQuery, spacesQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';

interface Template extends Choice {
  row: Row;
}

/** The templates of one space, or of every space one may write in. */
function useTemplates(space: string | undefined) {
  const { t } = useTranslation();
  const spaces = useQuery(spacesQuery);
  const open = useMemo(
    () => (spaces.data ?? []).filter((one) => takesPages(one) && (space === undefined || one.id === space)),
    [spaces.data, space],
  );
  return useQueries({
    queries: open.map(({ id }) => pagesQuery(id)),
    combine: (results) => ({
      isPending: spaces.isPending || results.some(({ isPending }) => isPending),
      error: results.find(({ data, error }) => data === undefined && error !== null)?.error ?? null,
      retry: () => {
        for (const { data, refetch } of results) if (data === undefined) void refetch();
      },
      templates: results.flatMap(({ data = [] }, index) =>
        data
          .filter((row) => row.template && !row.archived)
          .map(
            (row): Template => ({
              key: row.id,
              icon: <PageIcon icon={row.icon} isTemplate />,
              name: row.title || t('app.untitled'),
              note: open[index]?.name ?? '',
              row,
            }),
          ),
      ),
    }),
  });
}

/** Makes a page out of a template. */
export default function TemplateDialog({ space, close }: { space: string | undefined; close: () => void }) {
  const { t } = useTranslation();
  const actions = useActions();
  const { isPending, error, retry, templates } = useTemplates(space);
  const [isMaking, setMaking] = useState(false);
  const make = async ({ row }: Template): Promise<void> => {
    setMaking(true);
    if (await actions.fromTemplate(row)) close();
    else setMaking(false);
  };
  return (
    <Dialog opened onClose={close} title={t('template.title')}>
      {isPending || isMaking ? (
        <Loading label={t(isMaking ? 'template.making' : 'template.loading')} />
      ) : error !== null ? (
        <Trouble error={error} retry={retry} />
      ) : templates.length === 0 ? (
        <p className="list-empty">{t('template.empty')}</p>
      ) : (
        <ChoiceList
          choices={templates}
          search={t('template.search')}
          label={t('template.title')}
          none={t('template.none')}
          choose={(template) => void make(template)}
        />
      )}
    </Dialog>
  );
}

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../api/pages';
import { RelativeTime } from '../ui/RelativeTime';
import { PageIcon } from './PageIcon';
import { PageLink } from './PageLink';
import { peopleQuery, spacesQuery } from './queries';

/** Pages as a list: title, where it is, and who changed it last. */
export function RowList({ rows, showSpace }: { rows: readonly Row[]; showSpace: boolean }) {
  return (
    <ul className="documents">
      {rows.map((row) => (
        <li key={row.id}>
          <OneRow row={row} showSpace={showSpace} />
        </li>
      ))}
    </ul>
  );
}

function OneRow({ row, showSpace }: { row: Row; showSpace: boolean }) {
  const { t } = useTranslation();
  const { data: spaces } = useQuery(spacesQuery);
  const { data: people } = useQuery(peopleQuery);
  const space = showSpace ? spaces?.find((one) => one.id === row.space) : undefined;
  const by = people?.find((person) => person.id === row.updatedBy);
  const notes: ReactNode[] = [];
  if (space !== undefined) notes.push(space.name);
  if (by !== undefined) notes.push(by.name);
  return (
    <PageLink row={row} className="document">
      <PageIcon icon={row.icon} size={19} isTemplate={row.template} />
      <span className="document-title" data-untitled={row.title === ''} dir="auto">
        {row.title === '' ? t('app.untitled') : row.title}
      </span>
      {notes.length > 0 && (
        <span className="document-note" dir="auto">
          {notes.join(' · ')}
        </span>
      )}
      <RelativeTime at={row.updated} />
    </PageLink>
  );
}

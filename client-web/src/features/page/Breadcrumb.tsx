import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../../api/pages';
import { PageLink } from '../../wiki/PageLink';
import { spacesQuery } from '../../wiki/queries';

/** The way to a page shows its space and the pages above, the middle of a long one as a dot. */
const CRUMBS_MAX = 2;

export function Breadcrumb({ page }: { page: Page }) {
  const { t } = useTranslation();
  const spaces = useQuery(spacesQuery);
  const space = spaces.data?.find((one) => one.id === page.space);
  const above = page.breadcrumb;
  const shown = above.slice(-CRUMBS_MAX);
  const hidden = above.slice(0, above.length - shown.length);
  return (
    <nav className="breadcrumb" aria-label={t('page.breadcrumb')}>
      {space === undefined ? (
        <span className="breadcrumb-name">{page.audience?.spaceName ?? ''}</span>
      ) : (
        <Link to="/$space" params={{ space: space.slug }} className="breadcrumb-name" dir="auto">
          {space.icon !== null && <span aria-hidden>{space.icon} </span>}
          {space.name}
        </Link>
      )}
      <span aria-hidden>/</span>
      {hidden.length > 0 && (
        <>
          <span title={hidden.map((crumb) => crumb.title || t('app.untitled')).join(' / ')}>…</span>
          <span aria-hidden>/</span>
        </>
      )}
      {shown.map((crumb) => (
        <Fragment key={crumb.id}>
          <PageLink
            row={{ id: crumb.id, space: page.space, title: crumb.title }}
            className="breadcrumb-name"
            dir="auto"
          >
            {crumb.title === '' ? t('app.untitled') : crumb.title}
          </PageLink>
          <span aria-hidden>/</span>
        </Fragment>
      ))}
    </nav>
  );
}

import '../../locales/page';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { isPageId } from '../../sync';
import { pagePart, readPagePart } from '../../wiki/address';
import { hasStatus } from '../../wiki/explain';
import { pageQuery, spacesQuery } from '../../wiki/queries';
import { Denied } from './Denied';
import { PageView } from './PageView';
import { useSession } from './useSession';
import { useVisit } from './useVisit';

export function PageRoute() {
  const { page } = useParams({ from: '/inside/shell/$space/$page' });
  const pageId = readPagePart(page);
  return pageId === null ? <Denied /> : <OpenPage key={pageId} pageId={pageId} />;
}

/** A page by its id alone. Where its space can be seen, it is shown at its readable address instead. */
export function PageByIdRoute() {
  const { pageId } = useParams({ from: '/inside/shell/page/$pageId' });
  return isPageId(pageId) ? <ById key={pageId} pageId={pageId} /> : <Denied />;
}

function ById({ pageId }: { pageId: string }) {
  const page = useQuery(pageQuery(pageId));
  const spaces = useQuery(spacesQuery);
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/shell/page/$pageId' });
  const slug = spaces.data?.find((space) => space.id === page.data?.space)?.slug;
  const title = page.data?.title;
  useEffect(() => {
    if (slug === undefined || title === undefined) return;
    void navigate({
      to: '/$space/$page',
      params: { space: slug, page: pagePart(pageId, title) },
      search,
      replace: true,
    });
  }, [slug, title, pageId, navigate, search]);
  if (hasStatus(page.error, 404) || hasStatus(page.error, 403)) return <Denied />;
  const isKnown = page.data !== undefined && spaces.data !== undefined;
  if (page.isError || (isKnown && slug === undefined)) return <OpenPage pageId={pageId} />;
  return (
    <main className="column page" id="content" tabIndex={-1}>
      <Skeleton height={36} width="55%" my={28} />
    </main>
  );
}

function OpenPage({ pageId }: { pageId: string }) {
  const session = useSession(pageId);
  const page = useQuery(pageQuery(pageId));
  useVisit(page.data);
  if (hasStatus(page.error, 404) || hasStatus(page.error, 403)) return <Denied />;
  return session === null ? null : <PageView session={session} page={page.data} />;
}

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { Page } from '../../api/pages';
import { pagePart } from '../../wiki/address';
import { findRow, putRows } from '../../wiki/cache';
import { spacesQuery } from '../../wiki/queries';

/** Browsers allow only so many changes of the address in a while. */
const ADDRESS_AFTER_MS = 900;
const LISTS_AFTER_MS = 150;

/** The address follows the title and the space, without a step in the browser's history. */
export function useReadableAddress(page: Page | undefined, title: string): void {
  const navigate = useNavigate();
  const here = useParams({ strict: false }) as { space?: string; page?: string };
  const spaces = useQuery(spacesQuery);
  const slug = spaces.data?.find((space) => space.id === page?.space)?.slug;
  const part = page === undefined ? undefined : pagePart(page.id, title);
  const isElsewhere = here.space !== slug || here.page !== part;
  useEffect(() => {
    if (slug === undefined || part === undefined || !isElsewhere) return;
    const timer = setTimeout(() => {
      void navigate({
        to: '/$space/$page',
        params: { space: slug, page: part },
        search: (before) => before,
        replace: true,
        resetScroll: false,
      });
    }, ADDRESS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [slug, part, isElsewhere, navigate]);
}

/** Every list shows the title as it is being typed. */
export function useListedTitle(id: string | undefined, title: string, isReady: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (id === undefined || !isReady) return;
    const timer = setTimeout(() => {
      const row = findRow(client, id);
      if (row !== undefined && row.title !== title) putRows(client, [{ ...row, title }]);
    }, LISTS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [client, id, title, isReady]);
}

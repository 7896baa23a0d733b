import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Me } from '../../api/me';
import { claimBrowser } from '../../sync/browser';
import { meQuery } from '../../wiki/queries';
import { safeNext } from './next';

/** Goes in as `me`, to where one wanted to go. */
export function useEnter(): (me: Me, next?: string) => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  return useCallback(
    async (me, next) => {
      await claimBrowser(me.id);
      // Whatever was fetched before was fetched as somebody else, or as nobody.
      client.clear();
      client.setQueryData(meQuery.queryKey, me);
      router.history.replace(safeNext(next));
    },
    [client, router],
  );
}

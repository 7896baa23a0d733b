import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Me } from '../../api/me';
import { meQuery } from '../../wiki/queries';
import { safeNext } from './next';

/** Goes in as `me`, to where one wanted to go. */
export function useEnter(): (me: Me, next?: string) => void {
  const client = useQueryClient();
  const router = useRouter();
  return useCallback(
    (me, next) => {
      // Whatever was fetched before was fetched as somebody else, or as nobody.
      client.clear();
      client.setQueryData(meQuery.queryKey, me);
      router.history.replace(safeNext(next));
    },
    [client, router],
  );
}

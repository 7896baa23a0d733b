import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from '../../ui/toasts';
import { explain } from '../../wiki/explain';

/** Does something on the server, then asks again for what it changed; says why when it does not work. */
export function useChange(keys: readonly QueryKey[]) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const run = useCallback(
    async (work: () => Promise<unknown>, said?: string): Promise<boolean> => {
      setBusy(true);
      try {
        await work();
        await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
        if (said !== undefined) toast(said);
        return true;
      } catch (error) {
        toast(explain(error, t), { tone: 'bad' });
        return false;
      } finally {
        setBusy(false);
      }
    },
    [client, keys, t],
  );
  return { run, isBusy };
}

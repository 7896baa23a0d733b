import { useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { keepNoMore } from '../api/kept';
import { changeMe, type Me, type MeChange, type Theme } from '../api/me';
import { signOut } from '../api/signIn';
import { isLanguage, setLanguage } from '../locales';
import { leaveNothing } from '../sync/browser';
import { toast } from '../ui/toasts';
import { explain } from './explain';
import { meQuery } from './queries';

let isLeaving = false;

/** Whether this page is about to be replaced by the door, so that it need not show one itself. */
export const isSigningOut = (): boolean => isLeaving;

/** What somebody sets for themselves: seen at once, kept by the server for every browser of theirs. */
export function useOwnSettings() {
  const client = useQueryClient();
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  return useMemo(() => {
    const keep = async (change: MeChange): Promise<boolean> => {
      const before = client.getQueryData(meQuery.queryKey);
      client.setQueryData(meQuery.queryKey, (me): Me | undefined => me && { ...me, ...change });
      try {
        client.setQueryData(meQuery.queryKey, await changeMe(change));
        return true;
      } catch (error) {
        client.setQueryData(meQuery.queryKey, before);
        toast(explain(error, t), { tone: 'bad' });
        return false;
      }
    };
    return {
      keep,
      setTheme: (theme: Theme): void => {
        setColorScheme(theme);
        void keep({ theme });
      },
      setLanguage: (language: string): void => {
        if (!isLanguage(language)) return;
        setLanguage(language);
        void keep({ language });
      },
      signOut: async (): Promise<void> => {
        isLeaving = true;
        try {
          await signOut();
        } catch (error) {
          isLeaving = false;
          // It may have been over before, or be over all the same.
          void client.invalidateQueries({ queryKey: meQuery.queryKey });
          toast(explain(error, t), { tone: 'bad' });
          return;
        }
        keepNoMore();
        await leaveNothing();
        // A page loaded anew remembers nothing either.
        window.location.replace('/sign-in');
      },
    };
  }, [client, t, setColorScheme]);
}

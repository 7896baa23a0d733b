import { useMantineColorScheme } from '@mantine/core';
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { Navigate, Outlet, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef } from 'react';
import type { Me } from '../api/me';
import { onRefusal } from '../api/request';
import { isLanguage, setLanguage } from '../locales';
import { setPerson } from '../sync/person';
import { followServer } from '../wiki/events';
import { hasCode } from '../wiki/explain';
import { keepChanges } from '../wiki/keeping';
import { isSigningOut } from '../wiki/me';
import { meQuery } from '../wiki/queries';
import { lookForUpdate } from './update';

const SetUpNeeded = lazy(async () => ({
  default: (await import('../features/outside/SetupRoute')).SetUpNeeded,
}));
const Down = lazy(async () => ({ default: (await import('../features/outside/Down')).Down }));

/** Lets in who is signed in, and shows everybody else the way. */
export function Inside() {
  const me = useQuery(meQuery);
  const router = useRouter();
  useSignedOut();
  if (me.isError) {
    if (hasCode(me.error, 'set_up')) {
      return (
        <Suspense fallback={null}>
          <SetUpNeeded />
        </Suspense>
      );
    }
    if (hasCode(me.error, 'sign_in')) {
      const { href } = router.state.location;
      return <Navigate to="/sign-in" search={href === '/' ? {} : { next: href }} replace />;
    }
    if (me.data === undefined) {
      return (
        <Suspense fallback={null}>
          <Down error={me.error} retry={() => void me.refetch()} />
        </Suspense>
      );
    }
  }
  if (me.data === undefined) return <div className="shell-wait" />;
  return <SignedIn me={me.data} />;
}

/** The sign-in has ended: if this page did not end it itself, the way back in leads here again. */
function askWhoThisIs(client: QueryClient): void {
  if (!isSigningOut()) void client.invalidateQueries({ queryKey: meQuery.queryKey });
}

/** Any answer may say that the sign-in has ended. */
function useSignedOut(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      onRefusal((error) => {
        const known = client.getQueryState(meQuery.queryKey);
        // While one is asked who one is, the answer is on its way; asking anew would never let it arrive.
        if (error.code === 'sign_in' && known?.status === 'success' && known.fetchStatus === 'idle') {
          askWhoThisIs(client);
        }
      }),
    [client],
  );
}

function SignedIn({ me }: { me: Me }) {
  const client = useQueryClient();
  useEffect(() => setPerson({ name: me.name, color: me.color }), [me.name, me.color]);
  useEffect(() => {
    if (isLanguage(me.language)) setLanguage(me.language);
  }, [me.language]);
  useTheme(me.theme);
  useEffect(
    () =>
      followServer(client, {
        onSignedOut: () => askWhoThisIs(client),
        // A server that comes back may be a newer one.
        onHello: lookForUpdate,
      }),
    [client],
  );
  useEffect(() => keepChanges(client), [client]);
  // Another tab let somebody else in: what is in this one's memory is not theirs.
  const first = useRef(me.id);
  useEffect(() => {
    if (me.id !== first.current) window.location.reload();
  }, [me.id]);
  return <Outlet />;
}

/** What somebody chose on one machine holds on the next. Until they choose, this browser's own choice stands. */
function useTheme(theme: Me['theme']): void {
  const { setColorScheme } = useMantineColorScheme();
  const known = useRef<Me['theme']>('auto');
  useEffect(() => {
    if (theme === known.current) return;
    known.current = theme;
    setColorScheme(theme);
  }, [theme, setColorScheme]);
}

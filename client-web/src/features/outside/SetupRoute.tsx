import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { checkSetup, setUp } from '../../api/signIn';
import { hasStatus } from '../../wiki/explain';
import { AccountForm } from './AccountForm';
import { Down } from './Down';
import { Frame } from './Frame';
import { useEnter } from './useEnter';

/** The first person becomes the owner; the terminal's link proves that they started the server. */
export function SetupRoute() {
  const { t } = useTranslation();
  const { token } = useSearch({ from: '/setup' });
  const enter = useEnter();
  const check = useQuery({
    queryKey: ['setup', token],
    queryFn: async () => {
      await checkSetup(token ?? '');
      return true;
    },
    enabled: token !== undefined,
    retry: false,
  });
  if (token === undefined) return <SetUpNeeded />;
  if (check.isPending) {
    return (
      <Frame title={t('outside.setupTitle')}>
        <Skeleton height={160} />
      </Frame>
    );
  }
  if (check.isError) {
    if (hasStatus(check.error, 404)) return <SetUpDone />;
    if (hasStatus(check.error, 403)) {
      return <Frame title={t('outside.setupBadTitle')} text={t('outside.setupBadText')} />;
    }
    return <Down error={check.error} retry={() => void check.refetch()} />;
  }
  return (
    <Frame title={t('outside.setupTitle')} text={t('outside.setupText')}>
      <AccountForm
        submitLabel={t('outside.setupDo')}
        onSubmit={async (account) => {
          const me = await setUp({ token, ...account });
          // A wiki without it is a wiki all the same.
          const first = await import('./welcome')
            .then(({ makeWelcome }) => makeWelcome(t))
            .catch(() => undefined);
          await enter(me, first);
        }}
      />
    </Frame>
  );
}

/** For who comes to a server that has no owner, without the link that makes one. */
export function SetUpNeeded() {
  const { t } = useTranslation();
  return (
    <Frame title={t('outside.setupWaitTitle')} text={t('outside.setupWaitText')}>
      <pre className="outside-sample" aria-hidden>
        {`${window.location.origin}/setup?token=…`}
      </pre>
      <Button variant="default" onClick={() => window.location.reload()}>
        {t('outside.again')}
      </Button>
    </Frame>
  );
}

function SetUpDone() {
  const { t } = useTranslation();
  return (
    <Frame title={t('outside.setupDoneTitle')} text={t('outside.setupDoneText')}>
      <Button renderRoot={(props) => <Link to="/sign-in" {...props} />}>{t('outside.toSignIn')}</Button>
    </Frame>
  );
}

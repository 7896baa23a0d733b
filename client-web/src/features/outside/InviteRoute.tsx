import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { acceptInvitation, readInvitation } from '../../api/signIn';
import { hasStatus } from '../../wiki/explain';
import { AccountForm } from './AccountForm';
import { Down } from './Down';
import { Frame } from './Frame';
import { useEnter } from './useEnter';

export function InviteRoute() {
  const { t } = useTranslation();
  const { secret } = useParams({ from: '/invite/$secret' });
  const enter = useEnter();
  const invited = useQuery({
    queryKey: ['invited', secret],
    queryFn: ({ signal }) => readInvitation(secret, signal),
    retry: false,
  });
  if (invited.isPending) {
    return (
      <Frame title={t('outside.loading')}>
        <Skeleton height={200} />
      </Frame>
    );
  }
  if (invited.isError) {
    if (!hasStatus(invited.error, 410) && !hasStatus(invited.error, 404)) {
      return <Down error={invited.error} retry={() => void invited.refetch()} />;
    }
    return (
      <Frame title={t('outside.inviteGoneTitle')} text={t('outside.inviteGoneText')}>
        <Button renderRoot={(props) => <Link to="/sign-in" {...props} />}>{t('outside.toSignIn')}</Button>
      </Frame>
    );
  }
  const { email, by, server } = invited.data;
  return (
    <Frame title={t('outside.inviteTitle', { server })} text={t('outside.inviteText', { name: by })}>
      <AccountForm
        email={email ?? undefined}
        submitLabel={t('outside.inviteDo')}
        onSubmit={async (account) => enter(await acceptInvitation(secret, account))}
      />
      <Link to="/sign-in" className="form-link">
        {t('outside.haveAccount')}
      </Link>
    </Frame>
  );
}

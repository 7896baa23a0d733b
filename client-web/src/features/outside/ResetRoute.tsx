import { Button, Skeleton, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { askForReset, readReset, spendReset } from '../../api/signIn';
import { toast } from '../../ui/toasts';
import { explain, hasStatus } from '../../wiki/explain';
import { serverQuery } from '../../wiki/queries';
import { Down } from './Down';
import { Fault, Frame } from './Frame';
import { emailFault, passwordFault } from './fields';
import { PasswordField } from './PasswordField';

/** Asks for a link with which to choose a new password. */
export function ForgottenRoute() {
  const { t } = useTranslation();
  const server = useQuery(serverQuery);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '' },
    validate: { email: (email) => emailFault(email, t) },
  });
  const toSignIn = (
    <Link to="/sign-in" className="form-link">
      {t('outside.toSignIn')}
    </Link>
  );
  if (server.data?.mail === false) {
    return (
      <Frame title={t('outside.forgotTitle')} text={t('outside.forgotNoMail')}>
        {toSignIn}
      </Frame>
    );
  }
  if (sentTo !== null) {
    return (
      <Frame title={t('outside.forgotSentTitle')} text={t('outside.forgotSentText', { email: sentTo })}>
        {toSignIn}
      </Frame>
    );
  }
  const submit = form.onSubmit(async ({ email }) => {
    setFault(null);
    try {
      await askForReset(email.trim());
      setSentTo(email.trim());
    } catch (error) {
      setFault(explain(error, t));
    }
  });
  return (
    <Frame title={t('outside.forgotTitle')} text={t('outside.forgotText')}>
      <form className="form" onSubmit={submit} noValidate>
        <TextInput
          type="email"
          label={t('outside.email')}
          autoComplete="username"
          autoFocus
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <Fault text={fault} />
        <Button type="submit" fullWidth loading={form.submitting}>
          {t('outside.forgotDo')}
        </Button>
        {toSignIn}
      </form>
    </Frame>
  );
}

/** Chooses a new password with the link that came by mail, or from an admin. */
export function ResetRoute() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { secret } = useParams({ from: '/reset/$secret' });
  const [fault, setFault] = useState<string | null>(null);
  const reset = useQuery({
    queryKey: ['reset', secret],
    queryFn: ({ signal }) => readReset(secret, signal),
    retry: false,
  });
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '' },
    validate: { password: (password) => passwordFault(password, t) },
  });
  if (reset.isPending) {
    return (
      <Frame title={t('outside.resetTitle')}>
        <Skeleton height={120} />
      </Frame>
    );
  }
  if (reset.isError) {
    if (!hasStatus(reset.error, 410) && !hasStatus(reset.error, 404)) {
      return <Down error={reset.error} retry={() => void reset.refetch()} />;
    }
    return (
      <Frame title={t('outside.resetGoneTitle')} text={t('outside.resetGoneText')}>
        <Button renderRoot={(props) => <Link to="/reset" {...props} />}>{t('outside.newLink')}</Button>
      </Frame>
    );
  }
  const submit = form.onSubmit(async ({ password }) => {
    setFault(null);
    try {
      await spendReset(secret, password);
      toast(t('outside.resetDone'));
      await navigate({ to: '/sign-in', replace: true });
    } catch (error) {
      setFault(explain(error, t));
    }
  });
  return (
    <Frame title={t('outside.resetTitle')} text={t('outside.resetText', { email: reset.data.email })}>
      <form className="form" onSubmit={submit} noValidate>
        {/* So that a password store knows whose password this is. */}
        <input type="email" autoComplete="username" value={reset.data.email} readOnly hidden />
        <PasswordField
          isNew
          autoFocus
          label={t('outside.newPassword')}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <Fault text={fault} />
        <Button type="submit" fullWidth loading={form.submitting}>
          {t('outside.resetDo')}
        </Button>
      </form>
    </Frame>
  );
}

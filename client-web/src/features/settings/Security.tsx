import { Button } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { endOtherSignIns, endSignIn, type Me, type SignIn, setPassword } from '../../api/me';
import { RelativeTime } from '../../ui/RelativeTime';
import { SecretInput } from '../../ui/SecretInput';
import { toast } from '../../ui/toasts';
import { explain, hasCode } from '../../wiki/explain';
import { serverQuery, signInsQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { readAgent } from './agent';
import { Passkeys } from './Passkeys';
import { Totp } from './Totp';

const PASSWORD_CHARACTERS_MIN = 10;

export function Security({ me }: { me: Me }) {
  const { t } = useTranslation();
  const server = useQuery(serverQuery);
  return (
    <>
      <PasswordForm me={me} />
      {server.data?.signIn.totp === true && <Totp me={me} />}
      {server.data?.signIn.passkeys === true && <Passkeys />}
      <h2>{t('own.signIns')}</h2>
      <p className="about">{t('own.signInsHelp')}</p>
      <SignIns />
    </>
  );
}

function PasswordForm({ me }: { me: Me }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [fault, setFault] = useState<string | null>(null);
  const form = useForm({
    initialValues: { current: '', password: '' },
    validate: {
      current: (current) => (me.hasPassword && current === '' ? t('own.needCurrent') : null),
      password: (password) =>
        Array.from(password).length < PASSWORD_CHARACTERS_MIN ? t('own.passwordShort') : null,
    },
  });
  const submit = form.onSubmit(async ({ current, password }) => {
    setFault(null);
    try {
      await setPassword(password, me.hasPassword ? current : undefined);
      form.reset();
      toast(t('own.passwordSet'));
      await client.invalidateQueries({ queryKey: ['sign-ins'] });
    } catch (error) {
      if (hasCode(error, 'wrong')) form.setFieldError('current', t('own.currentWrong'));
      else setFault(explain(error, t));
    }
  });
  return (
    <form className="form side-narrow" onSubmit={submit} noValidate>
      <h2 className="first">{t('own.password')}</h2>
      {me.hasPassword && (
        <SecretInput
          label={t('own.currentPassword')}
          autoComplete="current-password"
          {...form.getInputProps('current')}
        />
      )}
      <SecretInput
        label={t('own.newPassword')}
        description={t('own.passwordRule')}
        autoComplete="new-password"
        {...form.getInputProps('password')}
      />
      <div role="alert">{fault !== null && <p className="form-fault">{fault}</p>}</div>
      <div>
        <Button type="submit" loading={form.submitting}>
          {t('own.setPassword')}
        </Button>
      </div>
    </form>
  );
}

function SignIns() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const signIns = useQuery(signInsQuery);
  if (signIns.isPending) return <Loading label={t('own.loading')} />;
  if (signIns.data === undefined) {
    return <Trouble error={signIns.error} retry={() => void signIns.refetch()} />;
  }
  const run = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      await client.invalidateQueries({ queryKey: ['sign-ins'] });
      toast(t('own.signInEnded'));
    } catch (error) {
      toast(explain(error, t), { tone: 'bad' });
    }
  };
  const others = signIns.data.filter((one) => !one.current);
  const sorted = [...signIns.data].sort((a, b) => Number(b.current) - Number(a.current) || b.seen - a.seen);
  return (
    <>
      <ul className="lines">
        {sorted.map((one) => (
          <li key={one.id}>
            <div className="line-main">
              {nameOf(one, t('own.unknownBrowser'), (parts) => t('own.browserOn', parts))}
              {one.current && (
                <span className="tag" data-tone="good">
                  {t('own.thisOne')}
                </span>
              )}
              <small>
                {one.address ?? ''} {one.address === null ? '' : '· '}
                {t('own.lastSeen')} <RelativeTime at={one.seen} />
              </small>
            </div>
            {!one.current && (
              <Button size="xs" variant="default" onClick={() => void run(() => endSignIn(one.id))}>
                {t('own.endSignIn')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 1 && (
        <Button mt="md" variant="default" onClick={() => void run(endOtherSignIns)}>
          {t('own.endOthers')}
        </Button>
      )}
    </>
  );
}

function nameOf(
  signIn: SignIn,
  unknown: string,
  both: (parts: { browser: string; system: string }) => string,
): string {
  const agent = signIn.agent === null ? null : readAgent(signIn.agent);
  if (agent === null) return unknown;
  const { browser, system } = agent;
  if (browser !== null && system !== null) return both({ browser, system });
  return browser ?? system ?? unknown;
}

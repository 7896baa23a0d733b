import { Button, Divider, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconFingerprint } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Server } from '../../api/server';
import { offerPasskeySignIn, providerAddress, signIn, signInWithPasskey } from '../../api/signIn';
import { explain, hasCode } from '../../wiki/explain';
import { serverQuery } from '../../wiki/queries';
import { Fault, Frame } from './Frame';
import { emailFault } from './fields';
import { PasswordField } from './PasswordField';
import { SetUpNeeded } from './SetupRoute';
import { useEnter } from './useEnter';

export function SignInRoute() {
  const { t } = useTranslation();
  const { next, failed } = useSearch({ from: '/sign-in' });
  const server = useQuery(serverQuery);
  if (server.data?.setUp === false) return <SetUpNeeded />;
  const name = server.data?.name ?? t('app.name');
  return (
    <Frame title={t('outside.signInTitle', { server: name })}>
      {failed !== undefined && <Fault text={t(`outside.failed.${failed}`)} />}
      {server.data?.signIn.password !== false && <PasswordForm next={next} />}
      {server.data !== undefined && <OtherWays server={server.data} next={next} />}
    </Frame>
  );
}

interface Credentials {
  email: string;
  password: string;
  code: string;
}

function PasswordForm({ next }: { next: string | undefined }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const [step, setStep] = useState<'password' | 'code'>('password');
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useForm<Credentials>({
    initialValues: { email: '', password: '', code: '' },
    validate: {
      email: (email) => emailFault(email, t),
      password: (password) => (password === '' ? t('outside.needPassword') : null),
      code: (code) => (step === 'code' && code.trim() === '' ? t('outside.needCode') : null),
    },
  });
  const submit = form.onSubmit(async ({ email, password, code }) => {
    setBusy(true);
    setFault(null);
    try {
      const wish = { email: email.trim(), password };
      await enter(await signIn(step === 'code' ? { ...wish, code: code.replace(/\s/g, '') } : wish), next);
    } catch (error) {
      setBusy(false);
      if (hasCode(error, 'code_needed')) setStep('code');
      else if (step === 'code' && hasCode(error, 'wrong')) form.setFieldError('code', t('outside.codeWrong'));
      else setFault(explain(error, t));
    }
  });
  return (
    <form className="form" onSubmit={submit} noValidate>
      {step === 'password' ? (
        <>
          <TextInput
            type="email"
            label={t('outside.email')}
            autoComplete="username"
            autoFocus
            {...form.getInputProps('email')}
          />
          <PasswordField isNew={false} label={t('outside.password')} {...form.getInputProps('password')} />
        </>
      ) : (
        <TextInput
          key="code"
          label={t('outside.code')}
          description={t('outside.codeHelp')}
          autoComplete="one-time-code"
          autoFocus
          {...form.getInputProps('code')}
        />
      )}
      <Fault text={fault} />
      <Button type="submit" fullWidth loading={isBusy}>
        {t('outside.signIn')}
      </Button>
      {step === 'password' ? (
        <Link to="/reset" className="form-link">
          {t('outside.forgot')}
        </Link>
      ) : (
        <button type="button" className="form-link" onClick={() => setStep('password')}>
          {t('outside.otherAccount')}
        </button>
      )}
    </form>
  );
}

function OtherWays({ server, next }: { server: Server; next: string | undefined }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const [fault, setFault] = useState<string | null>(null);
  const { passkeys, providers, password } = server.signIn;
  const hasPasskeys =
    passkeys && typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';
  if (!hasPasskeys && providers.length === 0) return null;
  const usePasskey = async (): Promise<void> => {
    setFault(null);
    try {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await offerPasskeySignIn());
      const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
      if (credential !== null) await enter(await signInWithPasskey(credential.toJSON()), next);
    } catch (error) {
      // The browser's own refusals say only that nothing came of it.
      setFault(error instanceof DOMException ? t('outside.passkeyFailed') : explain(error, t));
    }
  };
  return (
    <div className="form">
      {password && <Divider label={t('outside.or')} />}
      {hasPasskeys && (
        <Button
          variant="default"
          fullWidth
          leftSection={<IconFingerprint size={18} />}
          onClick={() => void usePasskey()}
        >
          {t('outside.passkey')}
        </Button>
      )}
      {providers.map(({ id, label }) => (
        <Button key={id} variant="default" fullWidth component="a" href={providerAddress(id, next ?? '/')}>
          {t('outside.with', { provider: label })}
        </Button>
      ))}
      <Fault text={fault} />
    </div>
  );
}

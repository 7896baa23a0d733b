import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isAdmin, type Me, makeToken, revokeToken, SCOPES, type Scope } from '../../api/me';
import { Once } from '../../ui/Once';
import { RelativeTime } from '../../ui/RelativeTime';
import { toast } from '../../ui/toasts';
import { explain } from '../../wiki/explain';
import { tokensQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';

const DAY_MS = 86_400_000;
const LIVES = ['30', '90', '365', ''] as const;

/** Keys for programs that act for one. */
export function Tokens({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [secret, setSecret] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const scopes = SCOPES.filter((scope) => scope !== 'admin' || isAdmin(me.role));
  const form = useForm({
    initialValues: { name: '', scope: 'read', days: '90' },
    validate: { name: (name) => (name.trim() === '' ? t('own.needTokenName') : null) },
  });
  const submit = form.onSubmit(async ({ name, scope, days }) => {
    setFault(null);
    try {
      const expires = days === '' ? {} : { expires: Date.now() + Number(days) * DAY_MS };
      const made = await makeToken({ name: name.trim(), scope: scope as Scope, ...expires });
      setSecret(made.secret);
      form.reset();
      await client.invalidateQueries({ queryKey: ['tokens'] });
    } catch (error) {
      setFault(explain(error, t));
    }
  });
  const revoke = async (id: string): Promise<void> => {
    try {
      await revokeToken(id);
      await client.invalidateQueries({ queryKey: ['tokens'] });
      toast(t('own.tokenRevoked'));
    } catch (error) {
      toast(explain(error, t), { tone: 'bad' });
    }
  };
  return (
    <>
      <p className="about">{t('own.tokensHelp')}</p>
      <form className="side-tools" onSubmit={submit} noValidate>
        <TextInput
          className="grow"
          label={t('own.tokenName')}
          placeholder={t('own.tokenNameHint')}
          {...form.getInputProps('name')}
        />
        <NativeSelect
          label={t('own.tokenScope')}
          data={scopes.map((value) => ({ value, label: t(`own.scope.${value}`) }))}
          {...form.getInputProps('scope')}
        />
        <NativeSelect
          label={t('own.tokenLife')}
          data={LIVES.map((value) => ({
            value,
            label: value === '' ? t('own.never') : t('own.days', { count: Number(value) }),
          }))}
          {...form.getInputProps('days')}
        />
        <Button type="submit" loading={form.submitting}>
          {t('own.tokenMake')}
        </Button>
      </form>
      <div role="alert">{fault !== null && <p className="form-fault">{fault}</p>}</div>
      {secret !== null && <Once text={secret} about={t('own.tokenOnce')} said={t('own.copied')} />}
      {tokens.isPending && <Loading label={t('own.loading')} />}
      {tokens.data === undefined && tokens.isError && (
        <Trouble error={tokens.error} retry={() => void tokens.refetch()} />
      )}
      {tokens.data?.length === 0 && <p className="list-empty">{t('own.noTokens')}</p>}
      <ul className="lines">
        {(tokens.data ?? []).map((one) => (
          <li key={one.id}>
            <div className="line-main">
              {one.name}
              <span className="tag">{t(`own.scope.${one.scope}`)}</span>
              <small>
                {one.used === null ? (
                  t('own.neverUsed')
                ) : (
                  <>
                    {t('own.lastUsed')} <RelativeTime at={one.used} />
                  </>
                )}
                {' · '}
                {one.expires === null
                  ? t('own.never')
                  : t('own.until', { date: new Date(one.expires).toLocaleDateString(i18n.language) })}
              </small>
            </div>
            <Button size="xs" variant="default" color="red" onClick={() => void revoke(one.id)}>
              {t('own.revoke')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

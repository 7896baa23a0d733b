import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { makeApp } from '../../api/apps';
import { Once } from '../../ui/Once';
import { hasCode } from '../../wiki/explain';
import { appsQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { OneApp } from './OneApp';
import { useChange } from './useChange';

const KEYS = [['apps']] as const;
const APP_NAME = /^(?!page$)[a-z][a-z0-9-]{0,39}$/;
/** Rooms are opened and left while one looks. */
const LOOK_AGAIN_MS = 10_000;

export default function Apps() {
  const { t } = useTranslation();
  const apps = useQuery({ ...appsQuery, refetchInterval: LOOK_AGAIN_MS });
  const { run, isBusy } = useChange(KEYS);
  const [made, setMade] = useState<{ name: string; secret: string } | null>(null);
  const form = useForm({
    initialValues: { app: '', name: '' },
    validate: {
      app: (app) => (APP_NAME.test(app) ? null : t('admin.apps.badName')),
      name: (name) => (name.trim() === '' ? t('admin.apps.needName') : null),
    },
  });
  const submit = form.onSubmit(({ app, name }) =>
    run(async () => {
      try {
        const { app: one, secret } = await makeApp({ app, name: name.trim() });
        setMade(secret === null ? null : { name: one.name, secret });
        form.reset();
      } catch (error) {
        if (!hasCode(error, 'taken')) throw error;
        form.setFieldError('app', t('admin.apps.taken'));
      }
    }),
  );
  return (
    <>
      <form className="form side-narrow" onSubmit={submit} noValidate>
        <TextInput
          label={t('admin.apps.name')}
          placeholder={t('admin.apps.nameHint')}
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('admin.apps.prefix')}
          description={t('admin.apps.prefixHelp')}
          placeholder="whiteboard"
          autoCapitalize="none"
          spellCheck={false}
          rightSection={<span aria-hidden>/…</span>}
          {...form.getInputProps('app')}
        />
        <div>
          <Button type="submit" loading={isBusy}>
            {t('admin.apps.make')}
          </Button>
        </div>
      </form>
      {made !== null && (
        <Once
          key={made.secret}
          text={made.secret}
          about={t('admin.apps.secretOnce', { name: made.name })}
          said={t('admin.apps.copied')}
        />
      )}
      {apps.isPending && <Loading label={t('admin.loading')} />}
      {apps.data === undefined && apps.isError && (
        <Trouble error={apps.error} retry={() => void apps.refetch()} />
      )}
      {apps.data?.length === 0 && <p className="list-empty">{t('admin.apps.none')}</p>}
      <div className="groups">
        {(apps.data ?? []).map((app) => (
          <OneApp key={app.app} app={app} />
        ))}
      </div>
    </>
  );
}

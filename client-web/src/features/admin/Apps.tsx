import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type App, makeApp, makeAppToken, removeApp } from '../../api/apps';
import { Dialog } from '../../ui/Dialog';
import { Once } from '../../ui/Once';
import { appsQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { Confirm } from './Confirm';
import { useChange } from './useChange';

const KEYS = [['apps']] as const;
const APP_NAME = /^[a-z0-9][a-z0-9_-]{0,38}$/;

export default function Apps() {
  const { t } = useTranslation();
  const apps = useQuery(appsQuery);
  const { run, isBusy } = useChange(KEYS);
  const form = useForm({
    initialValues: { app: '', name: '' },
    validate: {
      app: (app) => (APP_NAME.test(app) ? null : t('admin.apps.badName')),
      name: (name) => (name.trim() === '' ? t('admin.apps.needName') : null),
    },
  });
  const submit = form.onSubmit(async (wish) => {
    if (await run(() => makeApp({ app: wish.app, name: wish.name.trim() }))) form.reset();
  });
  return (
    <>
      <form className="side-tools" onSubmit={submit} noValidate>
        <TextInput className="grow" label={t('admin.apps.name')} {...form.getInputProps('name')} />
        <TextInput
          className="grow"
          label={t('admin.apps.prefix')}
          placeholder="whiteboard"
          rightSection={<span aria-hidden>/…</span>}
          {...form.getInputProps('app')}
        />
        <Button type="submit" loading={isBusy}>
          {t('admin.apps.make')}
        </Button>
      </form>
      {apps.isPending && <Loading label={t('admin.loading')} />}
      {apps.data === undefined && apps.isError && (
        <Trouble error={apps.error} retry={() => void apps.refetch()} />
      )}
      {apps.data?.length === 0 && <p className="list-empty">{t('admin.apps.none')}</p>}
      <ul className="lines">
        {(apps.data ?? []).map((app) => (
          <Line key={app.app} app={app} />
        ))}
      </ul>
    </>
  );
}

function Line({ app }: { app: App }) {
  const { t } = useTranslation();
  const { run } = useChange(KEYS);
  const [open, setOpen] = useState<'token' | 'remove' | null>(null);
  return (
    <li>
      <div className="line-main">
        {app.name}
        <small>{`${app.app}/…`}</small>
      </div>
      <div className="line-end">
        <Button size="xs" variant="default" onClick={() => setOpen('token')}>
          {t('admin.apps.token')}
        </Button>
        <Button size="xs" variant="subtle" color="red" onClick={() => setOpen('remove')}>
          {t('admin.apps.remove')}
        </Button>
      </div>
      {open === 'token' && <TokenDialog app={app} close={() => setOpen(null)} />}
      {open === 'remove' && (
        <Confirm
          title={t('admin.apps.removeTitle', { name: app.name })}
          text={t('admin.apps.removeText')}
          label={t('admin.apps.remove')}
          close={() => setOpen(null)}
          confirm={() => void run(() => removeApp(app.app))}
        />
      )}
    </li>
  );
}

function TokenDialog({ app, close }: { app: App; close: () => void }) {
  const { t } = useTranslation();
  const { run, isBusy } = useChange([]);
  const [secret, setSecret] = useState<string | null>(null);
  const form = useForm({ initialValues: { room: '', write: 'yes', seconds: '3600' } });
  const submit = form.onSubmit(({ room, write, seconds }) =>
    run(async () => {
      const where = room.trim() === '' ? { prefix: '' } : { room: room.trim() };
      const made = await makeAppToken(app.app, {
        ...where,
        write: write === 'yes',
        seconds: Number(seconds),
      });
      setSecret(made.token);
    }),
  );
  return (
    <Dialog opened onClose={close} title={t('admin.apps.tokenTitle', { name: app.name })}>
      <form className="form" onSubmit={submit}>
        <TextInput
          data-autofocus
          label={t('admin.apps.room')}
          description={t('admin.apps.roomHelp')}
          {...form.getInputProps('room')}
        />
        <NativeSelect
          label={t('admin.apps.may')}
          data={[
            { value: 'yes', label: t('admin.apps.write') },
            { value: 'no', label: t('admin.apps.read') },
          ]}
          {...form.getInputProps('write')}
        />
        <NativeSelect
          label={t('admin.apps.lasts')}
          data={[
            { value: '3600', label: t('admin.apps.hour') },
            { value: '86400', label: t('admin.apps.day') },
            { value: '2592000', label: t('admin.apps.month') },
          ]}
          {...form.getInputProps('seconds')}
        />
        {secret !== null && <Once text={secret} about={t('admin.apps.once')} said={t('admin.apps.copied')} />}
        <div className="form-end">
          <Button variant="default" onClick={close}>
            {t('do.close')}
          </Button>
          <Button type="submit" loading={isBusy}>
            {t('admin.apps.makeToken')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { type App, addAppKey, changeApp } from '../../api/apps';
import { Dialog } from '../../ui/Dialog';
import { hasCode } from '../../wiki/explain';
import { useChange } from './useChange';

const KEYS = [['apps']] as const;
/** 32 bytes in base64url, as a JWK has them. */
const PUBLIC_KEY = /^[\w-]{43}$/;
const ORIGIN = /^https?:\/\/[^\s/?#@*]+$/i;

/** One more key for an app: a new secret, or a public key of its own. */
export function KeyDialog(props: { app: App; close: () => void; onSecret: (secret: string) => void }) {
  const { t } = useTranslation();
  const { run, isBusy } = useChange(KEYS);
  const form = useForm({
    initialValues: { kind: 'secret', publicKey: '' },
    validate: {
      publicKey: (key, { kind }) =>
        kind === 'secret' || PUBLIC_KEY.test(key.trim()) ? null : t('admin.apps.badKey'),
    },
  });
  const isPublic = form.values.kind === 'public';
  const submit = form.onSubmit(({ publicKey }) =>
    run(async () => {
      try {
        const made = await addAppKey(props.app.app, isPublic ? { publicKey: publicKey.trim() } : {});
        if (made.secret !== null) props.onSecret(made.secret);
        props.close();
      } catch (error) {
        if (!isPublic || !(hasCode(error, 'taken') || hasCode(error, 'invalid'))) throw error;
        form.setFieldError(
          'publicKey',
          t(hasCode(error, 'taken') ? 'admin.apps.sameKey' : 'admin.apps.badKey'),
        );
      }
    }),
  );
  return (
    <Dialog opened onClose={props.close} title={t('admin.apps.addKeyTitle', { name: props.app.name })}>
      <form className="form" onSubmit={submit} noValidate>
        <NativeSelect
          data-autofocus
          label={t('admin.apps.signs')}
          description={t(isPublic ? 'admin.apps.publicHelp' : 'admin.apps.secretHelp')}
          data={[
            { value: 'secret', label: t('admin.apps.newSecret') },
            { value: 'public', label: t('admin.apps.ownKey') },
          ]}
          {...form.getInputProps('kind')}
        />
        {isPublic && (
          <TextInput
            label={t('admin.apps.public')}
            placeholder="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps('publicKey')}
          />
        )}
        <p className="about">{t('admin.apps.addKeyText')}</p>
        <div className="form-end">
          <Button variant="default" onClick={props.close}>
            {t('do.cancel')}
          </Button>
          <Button type="submit" loading={isBusy}>
            {t('admin.apps.addKey')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** From which web pages an app's rooms may be opened. */
export function OriginsDialog({ app, close }: { app: App; close: () => void }) {
  const { t } = useTranslation();
  const { run, isBusy } = useChange(KEYS);
  const lines = (text: string): string[] =>
    text
      .split(/[\s,]+/)
      .map((line) => line.replace(/\/$/, ''))
      .filter((line) => line !== '');
  const form = useForm({
    initialValues: { origins: app.origins.join('\n') },
    validate: {
      origins: (text) => {
        const wrong = lines(text).find((line) => !ORIGIN.test(line));
        return wrong === undefined ? null : t('admin.apps.badPage', { page: wrong });
      },
    },
  });
  const submit = form.onSubmit(async ({ origins }) => {
    if (await run(() => changeApp(app.app, { origins: lines(origins) }), t('admin.saved'))) close();
  });
  return (
    <Dialog opened onClose={close} title={t('admin.apps.pagesTitle', { name: app.name })}>
      <form className="form" onSubmit={submit} noValidate>
        <Textarea
          data-autofocus
          label={t('admin.apps.pages')}
          description={t('admin.apps.pagesHelp')}
          placeholder="https://board.example.com"
          autosize
          minRows={3}
          maxRows={10}
          autoCapitalize="none"
          spellCheck={false}
          {...form.getInputProps('origins')}
        />
        <div className="form-end">
          <Button variant="default" onClick={close}>
            {t('do.cancel')}
          </Button>
          <Button type="submit" loading={isBusy}>
            {t('do.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

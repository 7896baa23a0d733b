import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type App, type AppKey, removeApp, removeAppKey } from '../../api/apps';
import { Once } from '../../ui/Once';
import { RelativeTime } from '../../ui/RelativeTime';
import { KeyDialog, OriginsDialog } from './AppDialogs';
import { Confirm } from './Confirm';
import { bytes } from './figures';
import { useChange } from './useChange';

const KEYS = [['apps']] as const;
/** The most keys of one app, as the server has it. */
const KEYS_MAX = 4;

/** The most documents of an app that the server counts. */
const COUNTED_MAX = 10_000;

/** One app: how much goes on in it, its keys, and the pages it is used from. */
export function OneApp({ app }: { app: App }) {
  const { t } = useTranslation();
  const { run } = useChange(KEYS);
  const [open, setOpen] = useState<'key' | 'origins' | 'remove' | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = (): void => setOpen(null);
  return (
    <section className="group" aria-label={app.name}>
      <div className="side-tools">
        <div className="grow line-main">
          <strong dir="auto">{app.name}</strong>
          <small>
            {`${app.app}/… · `}
            <Usage app={app} />
          </small>
        </div>
        <div className="line-end">
          <Button
            size="xs"
            variant="default"
            disabled={app.keys.length >= KEYS_MAX}
            onClick={() => setOpen('key')}
          >
            {t('admin.apps.addKey')}
          </Button>
          <Button size="xs" variant="subtle" color="red" onClick={() => setOpen('remove')}>
            {t('admin.apps.remove')}
          </Button>
        </div>
      </div>
      <ul className="lines">
        {app.keys.map((key) => (
          <KeyLine key={key.id} app={app} appKey={key} />
        ))}
        {app.keys.length === 0 && <li className="about">{t('admin.apps.noKeys')}</li>}
        <li>
          <div className="line-main">
            {t('admin.apps.pages')}
            <small>{app.origins.length === 0 ? t('admin.apps.noPages') : app.origins.join(' · ')}</small>
          </div>
          <Button size="xs" variant="default" onClick={() => setOpen('origins')}>
            {t('admin.apps.changePages')}
          </Button>
        </li>
      </ul>
      {secret !== null && (
        <Once
          text={secret}
          about={t('admin.apps.secretOnce', { name: app.name })}
          said={t('admin.apps.copied')}
        />
      )}
      {open === 'key' && <KeyDialog app={app} close={close} onSecret={setSecret} />}
      {open === 'origins' && <OriginsDialog app={app} close={close} />}
      {open === 'remove' && (
        <Confirm
          title={t('admin.apps.removeTitle', { name: app.name })}
          text={t('admin.apps.removeText')}
          label={t('admin.apps.remove')}
          close={close}
          confirm={() => void run(() => removeApp(app.app), t('admin.apps.removed', { name: app.name }))}
        />
      )}
    </section>
  );
}

function Usage({ app }: { app: App }) {
  const { t, i18n } = useTranslation();
  const parts = [
    app.documents >= COUNTED_MAX
      ? t('admin.apps.manyDocuments', { many: COUNTED_MAX.toLocaleString(i18n.language) })
      : t('admin.apps.documents', { count: app.documents }),
    t('admin.apps.rooms', { count: app.rooms }),
    t('admin.apps.sessions', { count: app.sessions }),
    t('admin.apps.memory', { size: bytes(app.memoryBytes, i18n.language) }),
  ];
  return <span data-testid="usage">{parts.join(' · ')}</span>;
}

function KeyLine({ app, appKey }: { app: App; appKey: AppKey }) {
  const { t } = useTranslation();
  const { run } = useChange(KEYS);
  const [isRemoving, setRemoving] = useState(false);
  const isSecret = appKey.kind === 'secret';
  return (
    <li>
      <div className="line-main">
        {t(isSecret ? 'admin.apps.secret' : 'admin.apps.public')}
        <span className="tag">{isSecret ? 'HS256' : 'EdDSA'}</span>
        <small>
          {appKey.publicKey !== null && `${appKey.publicKey} · `}
          {t('admin.apps.added')} <RelativeTime at={appKey.created} />
        </small>
      </div>
      <Button size="xs" variant="default" onClick={() => setRemoving(true)}>
        {t('admin.apps.removeKey')}
      </Button>
      {isRemoving && (
        <Confirm
          title={t('admin.apps.removeKeyTitle', { name: app.name })}
          text={t(app.keys.length === 1 ? 'admin.apps.removeLastKeyText' : 'admin.apps.removeKeyText')}
          label={t('admin.apps.removeKey')}
          close={() => setRemoving(false)}
          confirm={() => void run(() => removeAppKey(app.app, appKey.id), t('admin.apps.keyRemoved'))}
        />
      )}
    </li>
  );
}

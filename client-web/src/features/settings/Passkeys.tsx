import { Button, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addPasskey, offerPasskey, removePasskey } from '../../api/me';
import { RelativeTime } from '../../ui/RelativeTime';
import { toast } from '../../ui/toasts';
import { explain } from '../../wiki/explain';
import { passkeysQuery } from '../../wiki/queries';

/** Signing in with the device itself instead of a password. */
export function Passkeys() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const passkeys = useQuery(passkeysQuery);
  const [name, setName] = useState('');
  const [isBusy, setBusy] = useState(false);
  const isAble = typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function';
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await work();
      await client.invalidateQueries({ queryKey: ['passkeys'] });
    } catch (error) {
      toast(error instanceof DOMException ? t('own.passkeyFailed') : explain(error, t), { tone: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  const add = (): Promise<void> =>
    run(async () => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await offerPasskey());
      const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
      if (credential === null) return;
      await addPasskey(name.trim() || t('own.passkeyName'), credential.toJSON());
      setName('');
    });
  return (
    <section>
      <h2>{t('own.passkeys')}</h2>
      <p className="about">{t(isAble ? 'own.passkeysHelp' : 'own.passkeysUnable')}</p>
      <ul className="lines">
        {(passkeys.data ?? []).map((one) => (
          <li key={one.id}>
            <div className="line-main">
              {one.name}
              <small>
                {t('own.made')} <RelativeTime at={one.created} />
              </small>
            </div>
            <Button size="xs" variant="default" onClick={() => void run(() => removePasskey(one.id))}>
              {t('own.remove')}
            </Button>
          </li>
        ))}
      </ul>
      {isAble && (
        <form
          className="side-tools"
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <TextInput
            className="grow"
            label={t('own.passkeyLabel')}
            placeholder={t('own.passkeyName')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={isBusy}>
            {t('own.passkeyAdd')}
          </Button>
        </form>
      )}
    </section>
  );
}

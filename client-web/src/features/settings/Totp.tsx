import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { confirmTotp, type Me, offerTotp, removeTotp, type TotpOffer } from '../../api/me';
import { Dialog } from '../../ui/Dialog';
import { Once } from '../../ui/Once';
import { SecretInput } from '../../ui/SecretInput';
import { toast } from '../../ui/toasts';
import { explain } from '../../wiki/explain';

const QrCode = lazy(() => import('./QrCode'));

/** A second step at sign-in: a code from an app. */
export function Totp({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [offer, setOffer] = useState<TotpOffer | null>(null);
  const [isLeaving, setLeaving] = useState(false);
  const begin = async (): Promise<void> => {
    try {
      setOffer(await offerTotp());
    } catch (error) {
      toast(explain(error, t), { tone: 'bad' });
    }
  };
  return (
    <section>
      <h2>
        {t('own.totp')}
        <span className="tag" data-tone={me.totp ? 'good' : undefined}>
          {t(me.totp ? 'own.on' : 'own.off')}
        </span>
      </h2>
      <p className="about">{t('own.totpHelp')}</p>
      <Button variant="default" onClick={() => (me.totp ? setLeaving(true) : void begin())}>
        {t(me.totp ? 'own.totpRemove' : 'own.totpBegin')}
      </Button>
      {offer !== null && <Begin offer={offer} close={() => setOffer(null)} />}
      {isLeaving && <Leave close={() => setLeaving(false)} />}
    </section>
  );
}

function Begin({ offer, close }: { offer: TotpOffer; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [code, setCode] = useState('');
  const [codes, setCodes] = useState<string[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const confirm = async (): Promise<void> => {
    setFault(null);
    try {
      setCodes(await confirmTotp(code.replace(/\s/g, '')));
      await client.invalidateQueries({ queryKey: ['me'] });
    } catch (error) {
      setFault(explain(error, t));
    }
  };
  return (
    <Dialog opened onClose={close} title={t('own.totp')} closeOnClickOutside={false}>
      {codes === null ? (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void confirm();
          }}
        >
          <p>{t('own.totpScan')}</p>
          <div className="qr-place">
            <Suspense fallback={null}>
              <QrCode text={offer.link} label={t('own.totpPicture')} />
            </Suspense>
          </div>
          <a className="form-link" href={offer.link}>
            {t('own.totpOpen')}
          </a>
          <TextInput label={t('own.totpSecret')} className="qr-secret" readOnly value={offer.secret} />
          <TextInput
            data-autofocus
            label={t('own.totpCode')}
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            error={fault}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <div className="form-end">
            <Button variant="default" onClick={close}>
              {t('do.cancel')}
            </Button>
            <Button type="submit" disabled={code.trim() === ''}>
              {t('own.totpConfirm')}
            </Button>
          </div>
        </form>
      ) : (
        <div className="form">
          <Once text={codes.join('\n')} about={t('own.recovery')} said={t('own.copied')} />
          <div className="form-end">
            <Button onClick={close}>{t('own.recoveryKept')}</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

function Leave({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const remove = async (): Promise<void> => {
    try {
      await removeTotp(password);
      await client.invalidateQueries({ queryKey: ['me'] });
      close();
    } catch (error) {
      setFault(explain(error, t));
    }
  };
  return (
    <Dialog opened onClose={close} title={t('own.totpRemove')}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void remove();
        }}
      >
        <p>{t('own.totpRemoveText')}</p>
        <SecretInput
          data-autofocus
          label={t('own.currentPassword')}
          autoComplete="current-password"
          value={password}
          error={fault}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <div className="form-end">
          <Button variant="default" onClick={close}>
            {t('do.cancel')}
          </Button>
          <Button type="submit" color="red" disabled={password === ''}>
            {t('own.totpRemove')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

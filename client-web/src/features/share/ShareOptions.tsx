import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { IconCopy, IconRefresh, IconSettings, IconWorldOff } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Share, ShareLevel, ShareWish } from '../../api/shares';
import { SecretInput } from '../../ui/SecretInput';

/** A date as the browser's own field has it, at the end of that day. */
const dayOf = (time: number): string => {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

export function ShareOptions(props: {
  share: Share;
  link: string | null;
  isBusy: boolean;
  change: (wish: Partial<ShareWish>) => void;
  copy: () => void;
  renew: () => void;
  revoke: () => void;
}) {
  const { t, i18n } = useTranslation();
  const { share, link } = props;
  const [showsMore, setShowsMore] = useState(false);
  const facts = [
    t(`share.may.${share.level}`),
    share.subtree ? t('share.withBelow') : null,
    share.hasPassword ? t('share.withPassword') : null,
    share.expires === null
      ? null
      : t('share.until', { date: new Date(share.expires).toLocaleDateString(i18n.language) }),
  ];
  return (
    <div className="share-one">
      <p>{facts.filter((fact) => fact !== null).join(' · ')}</p>
      <div className="share-link">
        {link === null ? (
          <>
            <p className="share-hidden">{t('share.linkHidden')}</p>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={15} />}
              disabled={props.isBusy}
              onClick={props.renew}
            >
              {t('share.renew')}
            </Button>
          </>
        ) : (
          <>
            <TextInput
              size="xs"
              readOnly
              aria-label={t('share.link')}
              value={link}
              onFocus={(event) => event.currentTarget.select()}
            />
            <Button size="xs" leftSection={<IconCopy size={15} />} onClick={props.copy}>
              {t('do.copyLink')}
            </Button>
          </>
        )}
      </div>
      <div className="share-tools">
        <Button
          size="xs"
          variant="subtle"
          color="gray"
          leftSection={<IconSettings size={15} />}
          aria-expanded={showsMore}
          onClick={() => setShowsMore(!showsMore)}
        >
          {t('share.options')}
        </Button>
        <Button
          size="xs"
          variant="subtle"
          color="red"
          leftSection={<IconWorldOff size={15} />}
          disabled={props.isBusy}
          onClick={props.revoke}
        >
          {t('share.revoke')}
        </Button>
      </div>
      {showsMore && <More share={share} change={props.change} />}
    </div>
  );
}

function More({ share, change }: { share: Share; change: (wish: Partial<ShareWish>) => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  return (
    <div className="share-more">
      <NativeSelect
        label={t('share.level')}
        value={share.level}
        data={(['view', 'edit'] as const).map((value) => ({ value, label: t(`share.may.${value}`) }))}
        onChange={(event) => change({ level: event.currentTarget.value as ShareLevel })}
      />
      <TextInput
        type="date"
        label={t('share.expires')}
        description={t('share.expiresHelp')}
        inputWrapperOrder={['label', 'input', 'description']}
        min={dayOf(Date.now())}
        value={share.expires === null ? '' : dayOf(share.expires)}
        onChange={(event) => {
          const { value } = event.currentTarget;
          change({ expires: value === '' ? null : new Date(`${value}T23:59:59`).getTime() });
        }}
      />
      <form
        className="share-password"
        onSubmit={(event) => {
          event.preventDefault();
          if (password !== '') change({ password });
          setPassword('');
        }}
      >
        <SecretInput
          label={t('share.password')}
          placeholder={share.hasPassword ? t('share.passwordSet') : ''}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={password === ''}>
          {t('do.save')}
        </Button>
        {share.hasPassword && (
          <Button variant="subtle" color="gray" onClick={() => change({ password: null })}>
            {t('share.passwordOff')}
          </Button>
        )}
      </form>
      <Switch
        label={t('share.subtree')}
        checked={share.subtree}
        onChange={(event) => change({ subtree: event.currentTarget.checked })}
      />
      <Switch
        label={t('share.indexed')}
        checked={share.indexed}
        onChange={(event) => change({ indexed: event.currentTarget.checked })}
      />
    </div>
  );
}

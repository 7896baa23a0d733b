import '@mantine/core/styles/Combobox.css';
import { NativeSelect, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { DIGESTS, type Digest, type Me, THEMES, type Theme } from '../../api/me';
import { LANGUAGES } from '../../locales';
import { useOwnSettings } from '../../wiki/me';
import { serverQuery } from '../../wiki/queries';

export function Preferences({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const own = useOwnSettings();
  const server = useQuery(serverQuery);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = useMemo(() => {
    const known = Intl.supportedValuesOf('timeZone');
    return known.includes(here) ? known : [here, ...known];
  }, [here]);
  return (
    <div className="side-narrow form">
      <NativeSelect
        label={t('settings.language')}
        value={i18n.language}
        data={Object.entries(LANGUAGES).map(([value, { name }]) => ({ value, label: name }))}
        onChange={(event) => own.setLanguage(event.currentTarget.value)}
      />
      <div>
        <div className="settings-label" id="own-theme">
          {t('settings.theme')}
        </div>
        <SegmentedControl
          fullWidth
          aria-labelledby="own-theme"
          value={me.theme}
          onChange={(value) => own.setTheme(value as Theme)}
          data={THEMES.map((value) => ({ value, label: t(`settings.${value}`) }))}
        />
      </div>
      <Select
        label={t('own.timeZone')}
        description={t('own.timeZoneHelp', { zone: here })}
        placeholder={here}
        searchable
        clearable
        limit={60}
        clearButtonProps={{ 'aria-label': t('own.timeZoneClear') }}
        data={zones}
        value={me.timeZone}
        nothingFoundMessage={t('own.noZone')}
        onChange={(timeZone) => void own.keep({ timeZone })}
      />
      {server.data?.mail === true && (
        <NativeSelect
          label={t('own.digest')}
          description={t('own.digestHelp', { zone: me.timeZone ?? 'UTC' })}
          value={me.digest}
          data={DIGESTS.map((value) => ({ value, label: t(`own.digests.${value}`) }))}
          onChange={(event) => void own.keep({ digest: event.currentTarget.value as Digest })}
        />
      )}
    </div>
  );
}

import './settings.css';
import '../../locales/settings';
import { IconAdjustments, IconKey, IconShieldLock, IconUser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SideLayout } from '../../ui/SideLayout';
import { meQuery } from '../../wiki/queries';
import { Preferences } from './Preferences';
import { Profile } from './Profile';
import { Security } from './Security';
import { Tokens } from './Tokens';

const SECTIONS = {
  profile: [IconUser, Profile],
  preferences: [IconAdjustments, Preferences],
  security: [IconShieldLock, Security],
  tokens: [IconKey, Tokens],
} as const;
type Section = keyof typeof SECTIONS;

export function SettingsRoute() {
  const { t } = useTranslation();
  const { section } = useParams({ from: '/inside/settings/$section' });
  const me = useQuery(meQuery);
  const chosen: Section = Object.hasOwn(SECTIONS, section) ? (section as Section) : 'profile';
  const [, View] = SECTIONS[chosen];
  return (
    <SideLayout
      title={t('app.settings')}
      to="/settings/$section"
      heading={t(`own.${chosen}`)}
      items={Object.entries(SECTIONS).map(([name, [Icon]]) => ({
        section: name,
        label: t(`own.${name}`),
        icon: <Icon size={17} aria-hidden />,
      }))}
    >
      {me.data !== undefined && <View key={chosen} me={me.data} />}
    </SideLayout>
  );
}

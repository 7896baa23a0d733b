import '../../locales/admin';
import '../../locales/grant';
import {
  IconActivity,
  IconApps,
  IconFolders,
  IconHistory,
  IconMailPlus,
  IconServer,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { isAdmin, type Me } from '../../api/me';
import { Notice } from '../../ui/Notice';
import { SideLayout } from '../../ui/SideLayout';
import { meQuery } from '../../wiki/queries';
import { Loading } from '../../wiki/Trouble';

const SECTIONS = {
  people: [IconUsers, lazy(() => import('./People'))],
  invitations: [IconMailPlus, lazy(() => import('./Invitations'))],
  groups: [IconUsersGroup, lazy(() => import('./Groups'))],
  spaces: [IconFolders, lazy(() => import('./Spaces'))],
  audit: [IconHistory, lazy(() => import('./Audit'))],
  apps: [IconApps, lazy(() => import('./Apps'))],
  live: [IconActivity, lazy(() => import('./Live'))],
  server: [IconServer, lazy(() => import('./ServerInfo'))],
} as const;
type Section = keyof typeof SECTIONS;

export function AdminRoute() {
  const { t } = useTranslation();
  const { section } = useParams({ from: '/inside/admin/$section' });
  const me = useQuery(meQuery);
  const chosen: Section = Object.hasOwn(SECTIONS, section) ? (section as Section) : 'people';
  return (
    <SideLayout
      title={t('app.admin')}
      to="/admin/$section"
      heading={t(`admin.${chosen}.title`)}
      items={Object.entries(SECTIONS).map(([name, [Icon]]) => ({
        section: name,
        label: t(`admin.${name}.title`),
        icon: <Icon size={17} aria-hidden />,
      }))}
    >
      {me.data !== undefined && <Part section={chosen} me={me.data} />}
    </SideLayout>
  );
}

function Part({ section, me }: { section: Section; me: Me }) {
  const { t } = useTranslation();
  if (!isAdmin(me.role)) return <Notice title={t('admin.notYou')} text={t('admin.notYouText')} />;
  const [, View] = SECTIONS[section];
  return (
    <Suspense fallback={<Loading label={t('admin.loading')} />}>
      <p className="about">{t(`admin.${section}.about`)}</p>
      <View me={me} />
    </Suspense>
  );
}

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
import { hasRoute } from '../../api/server';
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

/** What a server need not have. */
const OPTIONAL = { apps: '/api/apps', live: '/api/admin/live' } as const;
/** Until the server has answered, none of them is offered. */
const UNKNOWN: readonly string[] = Object.keys(OPTIONAL);

/** The sections that this server has nothing behind. */
function useMissing(): readonly string[] {
  const { data } = useQuery({
    queryKey: ['admin-sections'],
    queryFn: async ({ signal }) => {
      const asked = Object.entries(OPTIONAL).map(async ([name, path]) => {
        return (await hasRoute(path, signal)) ? [] : [name];
      });
      return (await Promise.all(asked)).flat();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? UNKNOWN;
}

export function AdminRoute() {
  const { t } = useTranslation();
  const { section } = useParams({ from: '/inside/admin/$section' });
  const me = useQuery(meQuery);
  const missing = useMissing();
  const chosen: Section = Object.hasOwn(SECTIONS, section) ? (section as Section) : 'people';
  return (
    <SideLayout
      title={t('app.admin')}
      to="/admin/$section"
      heading={t(`admin.${chosen}.title`)}
      items={Object.entries(SECTIONS)
        .filter(([name]) => !missing.includes(name))
        .map(([name, [Icon]]) => ({
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

import '../../locales/share';
import './share.css';
import '@mantine/core/styles/Switch.css';
import { Skeleton, Switch } from '@mantine/core';
import { IconLock, IconUsers, IconWorld } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Page, setAccess } from '../../api/pages';
import { atLeast, type Grant, whoKey } from '../../api/spaces';
import { Dialog } from '../../ui/Dialog';
import { toast } from '../../ui/toasts';
import { putRows } from '../../wiki/cache';
import { explain } from '../../wiki/explain';
import { GrantEditor } from '../../wiki/GrantEditor';
import { pageQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { PublicLinks } from './PublicLinks';
import { audienceSentence } from './sentence';

/** Who can see a page, and what decides it. */
export default function ShareDialog({ pageId, close }: { pageId: string; close: () => void }) {
  const { t } = useTranslation();
  const page = useQuery(pageQuery(pageId));
  const title = page.data?.title || t('app.untitled');
  return (
    <Dialog opened onClose={close} title={t('share.title', { title })} size="lg">
      {page.isPending && <Loading label={t('share.loading')} />}
      {page.data === undefined && page.isError && (
        <Trouble error={page.error} retry={() => void page.refetch()} />
      )}
      {page.data !== undefined && <Sharing page={page.data} />}
    </Dialog>
  );
}

function Sharing({ page }: { page: Page }) {
  const manages = page.level === 'manage';
  return (
    <div className="share">
      <Audience page={page} />
      {manages && <Access page={page} />}
      <PublicLinks page={page} mayShare={atLeast(page.level, 'edit')} />
    </div>
  );
}

function Audience({ page }: { page: Page }) {
  const { t, i18n } = useTranslation();
  if (page.audience === null) return <Skeleton height={24} />;
  const { link, kind } = page.audience;
  const Icon = link ? IconWorld : kind === 'people' ? IconLock : IconUsers;
  return (
    <p className="share-audience" data-testid="audience" aria-live="polite">
      <Icon size={20} aria-hidden />
      <span>{audienceSentence(page.audience, i18n.language, t)}</span>
    </p>
  );
}

function Access({ page }: { page: Page }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const key = pageQuery(page.id).queryKey;
  const grants = page.grants ?? [];

  const set = async (access: { restricted: boolean; grants: Grant[] }): Promise<void> => {
    client.setQueryData(key, { ...page, ...access });
    try {
      const now = await setAccess(page.id, access);
      client.setQueryData(key, now);
      putRows(client, [now]);
    } catch (error) {
      client.setQueryData(key, page);
      toast(explain(error, t), { tone: 'bad' });
    }
  };
  const without = (who: Grant['who']): Grant[] => grants.filter((one) => whoKey(one.who) !== whoKey(who));
  return (
    <section aria-label={t('share.people')}>
      <GrantEditor
        grants={grants}
        own={page.level}
        onSet={(grant) => {
          const known = grants.some((one) => whoKey(one.who) === whoKey(grant.who));
          const next = known
            ? grants.map((one) => (whoKey(one.who) === whoKey(grant.who) ? grant : one))
            : [...grants, grant];
          void set({ restricted: page.restricted, grants: next });
        }}
        onRemove={(who) => void set({ restricted: page.restricted, grants: without(who) })}
      />
      <Switch
        mt="sm"
        label={t('share.restrict')}
        description={t('share.restrictHelp')}
        checked={page.restricted}
        onChange={(event) => void set({ restricted: event.currentTarget.checked, grants })}
      />
    </section>
  );
}

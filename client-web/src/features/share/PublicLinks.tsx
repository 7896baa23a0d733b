import { Button } from '@mantine/core';
import { IconLink } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../../api/pages';
import {
  changeShare,
  listShares,
  makeShare,
  renewShare,
  revokeShare,
  type Share,
  type ShareWish,
} from '../../api/shares';
import { toast } from '../../ui/toasts';
import { useActions } from '../../wiki/actions';
import { explain } from '../../wiki/explain';
import { pageQuery, sharesQuery } from '../../wiki/queries';
import { ShareOptions } from './ShareOptions';

/** Links that open the page for everybody who has them. */
export function PublicLinks({ page, mayShare }: { page: Page; mayShare: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const actions = useActions();
  const shares = useQuery({ ...sharesQuery(page.id), enabled: mayShare });
  /** Links that this dialog was told; the server tells each only once. */
  const [links, setLinks] = useState<ReadonlyMap<string, string>>(new Map());
  const [isBusy, setBusy] = useState(false);
  if (!mayShare) return null;

  const keep = async (id: string, link: string): Promise<void> => {
    // The server names itself as it knows itself; this browser knows better how it was reached.
    const here = new URL(new URL(link, window.location.href).pathname, window.location.origin).href;
    setLinks((before) => new Map(before).set(id, here));
    await actions.copy(here);
  };
  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await work();
      client.setQueryData(sharesQuery(page.id).queryKey, await listShares(page.id));
      await client.invalidateQueries({ queryKey: pageQuery(page.id).queryKey });
    } catch (error) {
      toast(explain(error, t), { tone: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  const make = (): Promise<void> =>
    run(async () => {
      const share = await makeShare(page.id, { level: 'view' });
      if (share.link !== null) await keep(share.id, share.link);
    });
  const list: Share[] = shares.data ?? [];
  return (
    <section className="share-public" aria-label={t('share.public')}>
      <h3>{t('share.public')}</h3>
      {list.length === 0 && <p>{t('share.publicNone')}</p>}
      {list.map((share) => (
        <ShareOptions
          key={share.id}
          share={share}
          link={links.get(share.id) ?? null}
          isBusy={isBusy}
          change={(wish: Partial<ShareWish>) => void run(() => changeShare(share.id, wish))}
          copy={() => {
            const known = links.get(share.id);
            if (known !== undefined) void actions.copy(known);
          }}
          renew={() => void run(async () => keep(share.id, await renewShare(share.id)))}
          revoke={() => void run(() => revokeShare(share.id))}
        />
      ))}
      <Button
        variant={list.length === 0 ? 'filled' : 'default'}
        leftSection={<IconLink size={16} />}
        loading={isBusy && list.length === 0}
        onClick={() => void make()}
      >
        {t(list.length === 0 ? 'share.make' : 'share.makeAnother')}
      </Button>
    </section>
  );
}

import '../../locales/page';
import '../../locales/shared';
import './shared.css';
import { Button, Skeleton } from '@mantine/core';
import { IconLinkOff, IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect, useLayoutEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nameShare } from '../../api/request';
import { type Shared, unlockShared } from '../../api/shares';
import { openAs } from '../../sync';
import { Notice } from '../../ui/Notice';
import { SecretInput } from '../../ui/SecretInput';
import { readPagePart } from '../../wiki/address';
import { explain, hasCode, hasStatus } from '../../wiki/explain';
import { sharedQuery } from '../../wiki/queries';
import { Trouble } from '../../wiki/Trouble';
import { SharedTree } from './SharedTree';
import { SharedView } from './SharedView';

/** A page reached by a public link, for people who may have no account. */
export function SharedRoute() {
  const { secret, page } = useParams({ strict: false }) as { secret: string; page?: string };
  const [isReady, setReady] = useState(false);
  // Before anything is asked for: every question says by which link it comes.
  useLayoutEffect(() => {
    nameShare(secret);
    openAs(secret);
    setReady(true);
    return () => {
      nameShare(null);
      openAs(null);
    };
  }, [secret]);
  return isReady ? <Behind secret={secret} wanted={page === undefined ? null : readPagePart(page)} /> : null;
}

function Alone({ children }: { children: ReactNode }) {
  return (
    <main className="lone" id="content" tabIndex={-1}>
      {children}
    </main>
  );
}

function Behind({ secret, wanted }: { secret: string; wanted: string | null }) {
  const { t } = useTranslation();
  const shared = useQuery({ ...sharedQuery(secret), retry: false });
  if (shared.isPending) {
    return (
      <main className="column page" id="content" tabIndex={-1}>
        <Skeleton height={36} width="55%" my={28} />
      </main>
    );
  }
  if (shared.data === undefined) {
    if (hasStatus(shared.error, 410) || hasStatus(shared.error, 404)) return <Ended />;
    return (
      <Alone>
        <Trouble error={shared.error} retry={() => void shared.refetch()} />
      </Alone>
    );
  }
  const { page, needsPassword } = shared.data;
  if (needsPassword) return <Locked secret={secret} retry={() => void shared.refetch()} />;
  if (page === null) return <Ended />;
  const id = wanted ?? page.id;
  if (!shared.data.pages.some((row) => row.id === id) && id !== page.id) {
    return (
      <Alone>
        <Notice level={1} title={t('page.deniedTitle')} text={t('page.deniedText')} />
      </Alone>
    );
  }
  return <Open secret={secret} shared={{ ...shared.data, page }} id={id} />;
}

function Open({
  secret,
  shared,
  id,
}: {
  secret: string;
  shared: Shared & { page: NonNullable<Shared['page']> };
  id: string;
}) {
  const { page, pages } = shared;
  const title = pages.find((row) => row.id === id)?.title ?? page.title;
  return (
    <div className="shared">
      {pages.length > 1 && <SharedTree secret={secret} root={page.id} pages={pages} here={id} />}
      <div className="stage">
        <SharedView key={id} pageId={id} title={title} mayEdit={page.level === 'edit'} />
      </div>
    </div>
  );
}

function Ended() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('shared.endedTitle')} · ${t('app.name')}`;
  }, [t]);
  return (
    <Alone>
      <Notice
        level={1}
        picture={<IconLinkOff size={36} className="notice-icon" aria-hidden />}
        title={t('shared.endedTitle')}
        text={t('shared.endedText')}
      >
        <Button variant="default" renderRoot={(props) => <Link to="/" {...props} />}>
          {t('shared.home')}
        </Button>
      </Notice>
    </Alone>
  );
}

function Locked({ secret, retry }: { secret: string; retry: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${t('shared.lockedTitle')} · ${t('app.name')}`;
  }, [t]);
  const unlock = async (): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      await unlockShared(secret, password);
      retry();
    } catch (error) {
      setFault(hasCode(error, 'wrong') ? t('shared.wrong') : explain(error, t));
      setBusy(false);
    }
  };
  return (
    <Alone>
      <form
        className="shared-locked form"
        onSubmit={(event) => {
          event.preventDefault();
          void unlock();
        }}
      >
        <IconLock size={32} className="notice-icon" aria-hidden />
        <h1>{t('shared.lockedTitle')}</h1>
        <p>{t('shared.lockedText')}</p>
        <SecretInput
          autoFocus
          label={t('shared.password')}
          autoComplete="off"
          value={password}
          error={fault}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={isBusy} disabled={password === ''}>
          {t('shared.unlock')}
        </Button>
      </form>
    </Alone>
  );
}

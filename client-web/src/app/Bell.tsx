import { Popover } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { noticesQuery } from '../wiki/queries';
import { linksToNotices } from './noticesLink';

const NoticeList = lazy(() => import('../features/notices/NoticeList'));

/** In the sidebar: how much one was told since one last looked, and what. */
export function Bell() {
  const { t } = useTranslation();
  const { data } = useQuery(noticesQuery);
  const unread = data?.unread ?? 0;
  const [isNarrow] = useState(() => window.matchMedia('(max-width: 48em)').matches);
  const [isOpen, setOpen] = useState(linksToNotices);
  const close = (): void => setOpen(false);
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position={isNarrow ? 'bottom-start' : 'right-start'}
      width="min(24rem, calc(100vw - 1.5rem))"
      shadow="md"
      trapFocus
      returnFocus
      withinPortal
    >
      <Popover.Target>
        <button
          type="button"
          className="nav-item"
          aria-label={unread > 0 ? t('app.noticesUnread', { number: unread }) : undefined}
          onClick={() => setOpen(!isOpen)}
        >
          <IconBell size={17} aria-hidden />
          <span>{t('app.notices')}</span>
          {unread > 0 && <span className="nav-count">{unread > 99 ? '99+' : unread}</span>}
        </button>
      </Popover.Target>
      <Popover.Dropdown className="bell-panel" aria-label={t('app.notices')}>
        <h2>{t('app.notices')}</h2>
        <Suspense fallback={null}>
          <NoticeList close={close} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}

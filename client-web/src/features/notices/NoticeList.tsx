import '../../locales/notices';
import './notices.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { type Notice, readNotices } from '../../api/notices';
import { RelativeTime } from '../../ui/RelativeTime';
import { PersonFace } from '../../wiki/PersonFace';
import { noticesQuery, peopleQuery, spacesQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { sentence } from './sentence';

/** What one was told, the newest first. To see it is to have read it. */
export default function NoticeList({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const notices = useQuery(noticesQuery);
  const unread = notices.data?.notices.filter(({ read }) => !read) ?? [];
  const newest = Math.max(0, ...unread.map(({ at }) => at));
  useEffect(() => {
    // Unread they stay when this fails, and are tried again when the list is next opened.
    if (newest > 0) readNotices(newest).catch(() => undefined);
  }, [newest]);
  // For as long as the list is open one still sees which were new.
  const news = useRef(new Set<string>());
  for (const { id } of unread) news.current.add(id);

  if (notices.isPending) return <Loading label={t('notices.loading')} />;
  if (notices.data === undefined) {
    return <Trouble error={notices.error} retry={() => void notices.refetch()} />;
  }
  if (notices.data.notices.length === 0) return <p className="notices-none">{t('notices.none')}</p>;
  return (
    <ul className="notices">
      {notices.data.notices.map((notice) => (
        <li key={notice.id}>
          <Line notice={notice} isNew={news.current.has(notice.id)} close={close} />
        </li>
      ))}
    </ul>
  );
}

function Line({ notice, isNew, close }: { notice: Notice; isNew: boolean; close: () => void }) {
  const { t } = useTranslation();
  const { data: people } = useQuery(peopleQuery);
  const by = people?.find(({ id }) => id === notice.by?.id);
  return (
    <Way notice={notice} close={close}>
      <PersonFace person={by ?? { name: notice.by?.name ?? '', color: '#736f66', picture: null }} size={30} />
      <span className="notices-text" dir="auto">
        {sentence(notice, t)}
        <RelativeTime at={notice.at} />
      </span>
      {isNew && <span className="notices-new" role="img" aria-label={t('notices.unread')} />}
    </Way>
  );
}

/** Leads to what the notice is about, if that can be seen. */
function Way({ notice, close, children }: { notice: Notice; close: () => void; children: ReactNode }) {
  const { data: spaces } = useQuery(spacesQuery);
  const slug = spaces?.find(({ id }) => id === notice.space?.id)?.slug;
  if (notice.page !== null) {
    return (
      <Link className="notices-line" to="/page/$pageId" params={{ pageId: notice.page.id }} onClick={close}>
        {children}
      </Link>
    );
  }
  if (slug !== undefined) {
    return (
      <Link className="notices-line" to="/$space" params={{ space: slug }} onClick={close}>
        {children}
      </Link>
    );
  }
  return <div className="notices-line">{children}</div>;
}

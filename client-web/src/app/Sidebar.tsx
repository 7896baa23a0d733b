import { ActionIcon, Tooltip } from '@mantine/core';
import { IconFileText, IconHome, IconLayoutSidebarLeftCollapse, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { listDocuments } from '../api/documents';
import { pageOf } from '../sync/pageId';
import { Logo } from '../ui/Logo';
import { NEW_PAGE_KEYS, useShell } from '../ui/shell';

const RECENT_MAX = 12;

export function Sidebar() {
  const { t } = useTranslation();
  const { open, close, toggle, newPage } = useShell();
  const { data } = useQuery({
    queryKey: ['documents'],
    queryFn: ({ signal }) => listDocuments(signal),
    refetchInterval: 15_000,
  });
  const recent = (data ?? [])
    .map((summary) => ({ ...summary, page: pageOf(summary.name) }))
    .filter((summary) => summary.page !== null)
    .slice(0, RECENT_MAX);

  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!open || !window.matchMedia('(max-width: 48em)').matches) return;
    panel.current?.querySelector<HTMLElement>('a, button')?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [open, close]);

  return (
    <>
      <nav className="sidebar" aria-label={t('app.sidebar')} ref={panel} inert={!open}>
        <div className="sidebar-top">
          <Link to="/" className="brand">
            <Logo />
            <span>{t('app.name')}</span>
          </Link>
          <Tooltip label={t('app.closeSidebar')}>
            <ActionIcon variant="subtle" color="gray" aria-label={t('app.closeSidebar')} onClick={toggle}>
              <IconLayoutSidebarLeftCollapse size={18} />
            </ActionIcon>
          </Tooltip>
        </div>
        <Link to="/" className="nav-item" activeOptions={{ exact: true }}>
          <IconHome size={17} aria-hidden />
          <span>{t('app.home')}</span>
        </Link>
        <Tooltip label={t('app.shortcut', { keys: NEW_PAGE_KEYS })} position="right">
          <button type="button" className="nav-item" onClick={newPage} data-testid="new-page">
            <IconPlus size={17} aria-hidden />
            <span>{t('app.newPage')}</span>
          </button>
        </Tooltip>
        <h2 className="nav-heading">{t('app.recent')}</h2>
        {recent.length === 0 ? (
          <p className="nav-empty">{t('app.noRecent')}</p>
        ) : (
          <ul className="nav-list">
            {recent.map((summary) => (
              <li key={summary.name}>
                <Link to="/page/$pageId" params={{ pageId: summary.page ?? '' }} className="nav-item">
                  <IconFileText size={17} aria-hidden />
                  <span dir="auto">{summary.title ?? t('app.untitled')}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </nav>
      <button
        type="button"
        className="sidebar-veil"
        aria-label={t('app.closeSidebar')}
        tabIndex={-1}
        onClick={close}
      />
    </>
  );
}

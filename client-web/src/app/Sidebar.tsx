import { ActionIcon, Tooltip } from '@mantine/core';
import {
  IconChevronRight,
  IconHome,
  IconLayoutSidebarLeftCollapse,
  IconPlus,
  IconSearch,
  IconSettings,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, type RefObject, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../api/pages';
import { Logo } from '../ui/Logo';
import { NEW_PAGE_KEYS, PALETTE_KEYS, useShell } from '../ui/shell';
import { openDialog } from '../wiki/dialogs';
import { PageIcon } from '../wiki/PageIcon';
import { PageLink } from '../wiki/PageLink';
import { homeQuery, meQuery, serverQuery, spacesQuery } from '../wiki/queries';
import { useOpenPalette } from './palette';
import { Splitter } from './Splitter';

// Asked for as soon as the shell is, beside the first questions to the server.
const loadPersonMenu = import('./PersonMenu');
const PersonMenu = lazy(async () => ({ default: (await loadPersonMenu).PersonMenu }));
const loadBell = import('./Bell');
const Bell = lazy(async () => ({ default: (await loadBell).Bell }));
const loadTree = import('../features/tree/SpacesTree');
const SpacesTree = lazy(async () => ({ default: (await loadTree).SpacesTree }));

/** On a phone the sidebar covers the page: the keyboard goes in with it, and Escape leads out. */
function useCovering(panel: RefObject<HTMLElement | null>, open: boolean, close: () => void): void {
  useEffect(() => {
    if (!open || !window.matchMedia('(max-width: 48em)').matches) return;
    panel.current?.querySelector<HTMLElement>('a, button')?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [panel, open, close]);
}

export function Sidebar({ width, setWidth }: { width: number; setWidth: (width: number) => void }) {
  const { t } = useTranslation();
  const { open, close, toggle, newPage } = useShell();
  const openPalette = useOpenPalette();
  const server = useQuery(serverQuery);
  const me = useQuery(meQuery);
  const panel = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  useCovering(panel, open, close);
  return (
    <>
      <nav className="sidebar" aria-label={t('app.sidebar')} ref={panel} inert={!open}>
        <div className="sidebar-top">
          <Link to="/" className="brand">
            <Logo />
            <span dir="auto">{server.data?.name ?? t('app.name')}</span>
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
        <button type="button" className="nav-item" onClick={openPalette}>
          <IconSearch size={17} aria-hidden />
          <span>{t('app.search')}</span>
          <kbd aria-hidden>{PALETTE_KEYS}</kbd>
        </button>
        <Suspense fallback={<span className="nav-item" />}>
          <Bell />
        </Suspense>
        <button type="button" className="nav-item" onClick={newPage} data-testid="new-page">
          <IconPlus size={17} aria-hidden />
          <span>{t('app.newPage')}</span>
          <kbd aria-hidden>{NEW_PAGE_KEYS}</kbd>
        </button>
        <div className="sidebar-scroll" ref={scroller}>
          <Lists />
          <SpacesHeading />
          <Suspense fallback={null}>
            <SpacesTree scroller={scroller} />
          </Suspense>
        </div>
        <div className="sidebar-foot">
          <Suspense fallback={<span className="person-button" />}>
            {me.data !== undefined && <PersonMenu me={me.data} />}
          </Suspense>
          <Tooltip label={t('app.settings')}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('app.settings')}
              renderRoot={(props) => (
                <Link to="/settings/$section" params={{ section: 'profile' }} {...props} />
              )}
            >
              <IconSettings size={19} />
            </ActionIcon>
          </Tooltip>
        </div>
        <Splitter width={width} setWidth={setWidth} />
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

function Lists() {
  const { t } = useTranslation();
  const home = useQuery(homeQuery);
  const { favourites = [], shared = [] } = home.data ?? {};
  return (
    <>
      {favourites.length > 0 && (
        <Section name={t('app.favourites')} id="favourites">
          <Pages rows={favourites} />
        </Section>
      )}
      {shared.length > 0 && (
        <Section name={t('app.shared')} id="shared">
          <Pages rows={shared} />
        </Section>
      )}
    </>
  );
}

function isFolded(id: string): boolean {
  try {
    return localStorage.getItem(`weft.folded.${id}`) === 'yes';
  } catch {
    return false;
  }
}

function Section({ name, id, children }: { name: string; id: string; children: ReactNode }) {
  const { t } = useTranslation();
  const [folded, setFolded] = useState(() => isFolded(id));
  return (
    <section aria-label={name}>
      <h2 className="nav-heading">
        <button
          type="button"
          aria-expanded={!folded}
          title={t(folded ? 'app.show' : 'app.hide', { name })}
          onClick={() => {
            setFolded(!folded);
            try {
              localStorage.setItem(`weft.folded.${id}`, folded ? 'no' : 'yes');
            } catch {
              // Blocked storage: it stays so as long as the tab.
            }
          }}
        >
          {name}
          <IconChevronRight size={13} aria-hidden />
        </button>
      </h2>
      {!folded && children}
    </section>
  );
}

function Pages({ rows }: { rows: readonly Row[] }) {
  const { t } = useTranslation();
  return (
    <ul className="nav-list">
      {rows.map((row) => (
        <li key={row.id}>
          <PageLink row={row} className="nav-item">
            <PageIcon icon={row.icon} />
            <span dir="auto">{row.title === '' ? t('app.untitled') : row.title}</span>
          </PageLink>
        </li>
      ))}
    </ul>
  );
}

function SpacesHeading() {
  const { t } = useTranslation();
  const spaces = useQuery(spacesQuery);
  const me = useQuery(meQuery);
  const mayMake = me.data !== undefined && me.data.role !== 'guest';
  return (
    <>
      <div className="nav-heading nav-heading-row">
        <h2>{t('app.spaces')}</h2>
        {mayMake && (
          <Tooltip label={t('app.newSpace')}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={t('app.newSpace')}
              onClick={() => openDialog({ kind: 'newSpace' })}
            >
              <IconPlus size={15} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {spaces.data?.length === 0 && <p className="nav-empty">{t('app.noSpaces')}</p>}
    </>
  );
}

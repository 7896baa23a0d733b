import { useQuery } from '@tanstack/react-query';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { ShellContext } from '../ui/shell';
import { useActions } from '../wiki/actions';
import { noticesQuery } from '../wiki/queries';
import { Dialogs } from './Dialogs';
import { linksToNotices } from './noticesLink';
import { WithPageParts } from './PageParts';
import { PaletteHost } from './PaletteHost';
import { Sidebar } from './Sidebar';
import { storedWidth } from './width';

const KEY = 'weft.sidebar';
const isNarrow = (): boolean => window.matchMedia('(max-width: 48em)').matches;

function startsOpen(): boolean {
  // The bell is in it.
  if (linksToNotices()) return true;
  if (isNarrow()) return false;
  try {
    return localStorage.getItem(KEY) !== 'closed';
  } catch {
    return true;
  }
}

function useShortcuts(newPage: () => void, toggle: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.code === 'KeyN') {
        event.preventDefault();
        newPage();
      } else if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key === '.') {
        event.preventDefault();
        toggle();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [newPage, toggle]);
}

export function Shell() {
  const [open, setOpen] = useState(startsOpen);
  const [width, setWidth] = useState(storedWidth);
  const actions = useActions();
  const { data: hasNews = false } = useQuery({ ...noticesQuery, select: ({ unread }) => unread > 0 });
  const pathname = useRouterState({ select: (state) => state.location.pathname });

  const shell = useMemo(
    () => ({
      open,
      toggle: () =>
        setOpen((before) => {
          if (!isNarrow()) {
            try {
              localStorage.setItem(KEY, before ? 'closed' : 'open');
            } catch {
              // Blocked storage: the choice lasts as long as the tab.
            }
          }
          return !before;
        }),
      close: () => setOpen(false),
      newPage: () => actions.newPage(),
      hasNews,
    }),
    [open, actions, hasNews],
  );
  useShortcuts(shell.newPage, shell.toggle);

  // On a phone the sidebar covers the page: whoever chose something there wants to see it.
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    if (isNarrow()) setOpen(false);
  }, [pathname]);

  return (
    <ShellContext value={shell}>
      <div
        className="shell"
        data-sidebar={open ? 'open' : 'closed'}
        style={{ '--sidebar': `${width}px` } as React.CSSProperties}
      >
        <Sidebar width={width} setWidth={setWidth} />
        <div className="stage">
          <WithPageParts>
            <Outlet />
          </WithPageParts>
        </div>
      </div>
      <Dialogs />
      <PaletteHost />
    </ShellContext>
  );
}

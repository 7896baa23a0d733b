import { ActionIcon, Tooltip } from '@mantine/core';
import { IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useShell } from './shell';

/** The one line above every view. */
export function Topbar({ children, end }: { children?: ReactNode; end?: ReactNode }) {
  const { t } = useTranslation();
  const { open, toggle, hasNews } = useShell();
  const label = t(hasNews ? 'app.openSidebarNews' : 'app.openSidebar');
  return (
    <header className="topbar">
      {!open && (
        <Tooltip label={label}>
          <ActionIcon
            className="topbar-side"
            data-news={hasNews}
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={label}
            onClick={toggle}
          >
            <IconLayoutSidebarLeftExpand size={19} />
          </ActionIcon>
        </Tooltip>
      )}
      <div className="topbar-main">{children}</div>
      <div className="topbar-end">{end}</div>
    </header>
  );
}

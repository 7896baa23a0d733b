import { ActionIcon, Tooltip } from '@mantine/core';
import { IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useShell } from './shell';

/** The one line above every view. */
export function Topbar({ children, end }: { children?: ReactNode; end?: ReactNode }) {
  const { t } = useTranslation();
  const { open, toggle, menu } = useShell();
  return (
    <header className="topbar">
      {!open && (
        <Tooltip label={t('app.openSidebar')}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('app.openSidebar')}
            onClick={toggle}
          >
            <IconLayoutSidebarLeftExpand size={19} />
          </ActionIcon>
        </Tooltip>
      )}
      <div className="topbar-main">{children}</div>
      <div className="topbar-end">
        {end}
        {menu}
      </div>
    </header>
  );
}

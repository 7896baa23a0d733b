import { ActionIcon, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Page } from '../../api/pages';
import { useActions } from '../../wiki/actions';
import { PageMenu } from '../../wiki/PageMenu';
import { pagesQuery } from '../../wiki/queries';

/** Everything else that can be done with the open page. */
export default function MoreMenu({ page }: { page: Page }) {
  const { t } = useTranslation();
  const actions = useActions();
  const rows = useQuery({ ...pagesQuery(page.space), enabled: false });
  const hasChildren = rows.data?.some((row) => row.parent === page.id) ?? false;
  return (
    <Menu position="bottom-end" width={240} shadow="md" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('do.more')}>
          <IconDots size={19} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <PageMenu row={page} page={page} actions={actions} hasChildren={hasChildren} isOpen />
      </Menu.Dropdown>
    </Menu>
  );
}

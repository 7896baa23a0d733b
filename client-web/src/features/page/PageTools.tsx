import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconStar, IconStarFilled, IconUsers } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../../api/pages';
import { useActions } from '../../wiki/actions';
import { openDialog } from '../../wiki/dialogs';

export function Star({ page }: { page: Page }) {
  const { t } = useTranslation();
  const actions = useActions();
  const label = t(page.favourite ? 'do.unfavour' : 'do.favour');
  const Icon = page.favourite ? IconStarFilled : IconStar;
  return (
    <Tooltip label={label}>
      <ActionIcon
        className="wide-only"
        variant="subtle"
        color={page.favourite ? 'yellow' : 'gray'}
        aria-label={label}
        aria-pressed={page.favourite}
        onClick={() => void actions.favour(page, !page.favourite)}
      >
        <Icon size={17} />
      </ActionIcon>
    </Tooltip>
  );
}

export function ShareButton({ page }: { page: Page }) {
  const { t } = useTranslation();
  return (
    <Button
      className="wide-only"
      variant="default"
      size="xs"
      leftSection={<IconUsers size={15} />}
      onClick={() => openDialog({ kind: 'share', page: page.id })}
    >
      {t('do.share')}
    </Button>
  );
}

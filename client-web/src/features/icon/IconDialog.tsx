import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/Dialog';
import { IconPicker } from '../../ui/icon/IconPicker';
import { useActions } from '../../wiki/actions';
import { findRow } from '../../wiki/cache';

/** Gives a page its sign, or takes it away. */
export default function IconDialog({ pageId, close }: { pageId: string; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const actions = useActions();
  const [row] = useState(() => findRow(client, pageId));
  if (row === undefined) return null;
  return (
    <Dialog opened onClose={close} title={t('icon.title', { title: actions.named(row) })} size="sm">
      <IconPicker
        hasIcon={row.icon !== null}
        choose={(icon) => {
          close();
          void actions.change(findRow(client, pageId) ?? row, { icon });
        }}
      />
    </Dialog>
  );
}

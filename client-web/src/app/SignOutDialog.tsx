import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { unsentDocuments } from '../sync/unsent';
import { Dialog } from '../ui/Dialog';
import { useOwnSettings } from '../wiki/me';

/** Asks before edits are lost that only this browser has. */
export default function SignOutDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const own = useOwnSettings();
  const [count] = useState(() => unsentDocuments().length);
  return (
    <Dialog opened onClose={close} title={t('leave.title')}>
      <p>{t('leave.text', { count })}</p>
      <div className="form-end">
        <Button data-autofocus variant="default" onClick={close}>
          {t('leave.stay')}
        </Button>
        <Button
          color="red"
          onClick={() => {
            close();
            void own.signOut();
          }}
        >
          {t('leave.do')}
        </Button>
      </div>
    </Dialog>
  );
}

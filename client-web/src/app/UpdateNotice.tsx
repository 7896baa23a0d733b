import { CloseButton } from '@mantine/core';
import { useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { isUpdateWaiting, onUpdate, takeUpdate } from './update';

/** Says quietly that there is a newer version, and leaves the moment to whoever writes. */
export function UpdateNotice() {
  const { t } = useTranslation();
  const isWaiting = useSyncExternalStore(onUpdate, isUpdateWaiting);
  const [isPutOff, putOff] = useState(false);
  const [isBusy, setBusy] = useState(false);
  return (
    <div role="status">
      {isWaiting && !isPutOff && (
        <div className="toast">
          <span>{t('update.text')}</span>
          <button
            type="button"
            className="toast-action"
            disabled={isBusy}
            onClick={() => {
              setBusy(true);
              void takeUpdate();
            }}
          >
            {t('update.reload')}
          </button>
          <CloseButton size="sm" aria-label={t('update.later')} onClick={() => putOff(true)} />
        </div>
      )}
    </div>
  );
}

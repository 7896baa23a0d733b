import { CloseButton } from '@mantine/core';
import { type ReactNode, useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { dismissToast, getToast, onToast } from './toasts';

/** Long enough to read it and to reach the button by keyboard. */
const SHOWN_MS = 12_000;

/** Where toasts appear, below what stays longer. The region is always there: screen readers only tell of changes in one they know. */
export function Toasts({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  const shown = useSyncExternalStore(onToast, getToast);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (shown === null || held) return;
    const timer = setTimeout(() => dismissToast(shown.id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown, held]);
  return (
    <section
      className="toasts"
      aria-label={t('toast.label')}
      onPointerOver={() => setHeld(true)}
      onPointerOut={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {children}
      <div role="status">
        {shown !== null && (
          <div key={shown.id} className="toast" data-tone={shown.tone}>
            <span>{shown.text}</span>
            {shown.action !== null && (
              <button
                type="button"
                className="toast-action"
                onClick={() => {
                  dismissToast(shown.id);
                  setHeld(false);
                  shown.action?.run();
                }}
              >
                {shown.action.label}
              </button>
            )}
            <CloseButton
              size="sm"
              aria-label={t('toast.close')}
              onClick={() => {
                dismissToast(shown.id);
                setHeld(false);
              }}
            />
          </div>
        )}
      </div>
    </section>
  );
}

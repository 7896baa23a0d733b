import { ActionIcon, Tooltip } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

const KEYS = 'Alt+H';

/** The way into the page's past, and out of it. */
export function HistoryButton({ pressed, onClick }: { pressed: boolean; onClick: () => void }) {
  const { t } = useTranslation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const plain = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      // By its place on the keyboard: with Alt held, some systems make another letter of it.
      if (!plain || event.code !== 'KeyH') return;
      event.preventDefault();
      onClick();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [onClick]);
  return (
    <Tooltip label={`${t('history.open')} · ${KEYS}`}>
      <ActionIcon
        variant={pressed ? 'light' : 'subtle'}
        color={pressed ? 'indigo' : 'gray'}
        size="lg"
        aria-label={t('history.open')}
        aria-pressed={pressed}
        aria-keyshortcuts={KEYS}
        onClick={onClick}
      >
        <IconHistory size={19} />
      </ActionIcon>
    </Tooltip>
  );
}

import { Button } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { toast } from './toasts';

/** Something secret that is shown this once: with the way to copy it, and a word that it will not come again. */
export function Once({ text, about, said }: { text: string; about: string; said: string }) {
  const { t } = useTranslation();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      toast(said);
    } catch {
      toast(t('do.notCopied'), { tone: 'bad' });
    }
  };
  return (
    <div className="once" role="status">
      <p>{about}</p>
      <div className="once-line">
        <code>{text}</code>
        <Button size="xs" leftSection={<IconCopy size={15} />} onClick={() => void copy()}>
          {t('do.copy')}
        </Button>
      </div>
    </div>
  );
}

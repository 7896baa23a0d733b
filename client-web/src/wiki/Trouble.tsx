import { Button, Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Notice } from '../ui/Notice';
import { explain } from './explain';

/** A list that could not be fetched: why, and the way to try again. */
export function Trouble({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <Notice tone="bad" title={t('error.title')} text={explain(error, t)}>
        <Button variant="default" onClick={retry}>
          {t('error.retry')}
        </Button>
      </Notice>
    </div>
  );
}

export function Loading({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label} className="documents">
      {[70, 45, 58, 38].map((width) => (
        <Skeleton key={width} height={18} width={`${width}%`} my={14} />
      ))}
    </div>
  );
}

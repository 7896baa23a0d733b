import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/request';
import { explain } from '../../wiki/explain';
import { Frame } from './Frame';

/** Nothing can be shown, because the server does not answer or not well. */
export function Down({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useTranslation();
  const isAway = error instanceof ApiError && error.status === null;
  return (
    <Frame
      title={t(isAway ? 'outside.downTitle' : 'error.title')}
      text={isAway ? t('outside.downText') : explain(error, t)}
    >
      <Button onClick={retry}>{t('outside.again')}</Button>
    </Frame>
  );
}

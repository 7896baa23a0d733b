import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Notice } from '../ui/Notice';
import { Topbar } from '../ui/Topbar';

export function Lost() {
  const { t } = useTranslation();
  return (
    <>
      <Topbar />
      <main className="column" id="content" tabIndex={-1}>
        <Notice title={t('lost.title')} text={t('lost.text')} level={1}>
          <Button renderRoot={(props) => <Link to="/" {...props} />}>{t('lost.home')}</Button>
        </Notice>
      </main>
    </>
  );
}

import { Button } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../ui/Notice';
import { Topbar } from '../../ui/Topbar';

/** The same words whether the page exists or not: what is not for somebody's eyes is not told to them either. */
export function Denied() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t('page.deniedTitle')} · ${t('app.name')}`;
  }, [t]);
  return (
    <>
      <Topbar />
      <main className="column" id="content" tabIndex={-1}>
        <Notice
          level={1}
          picture={<IconLock size={36} className="notice-icon" aria-hidden />}
          title={t('page.deniedTitle')}
          text={t('page.deniedText')}
        >
          <Button renderRoot={(props) => <Link to="/" {...props} />}>{t('lost.home')}</Button>
        </Notice>
      </main>
    </>
  );
}

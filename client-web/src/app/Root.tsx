import { Outlet } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Toasts } from '../ui/Toasts';
import { UpdateNotice } from './UpdateNotice';

/** What every view has, inside and outside. */
export function Root() {
  const { t } = useTranslation();
  return (
    <>
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <Outlet />
      <Toasts>
        <UpdateNotice />
      </Toasts>
    </>
  );
}

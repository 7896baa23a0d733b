import { Button } from '@mantine/core';
import { IconArchive, IconEye, IconTemplate, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../../api/pages';
import { atLeast } from '../../api/spaces';
import { RelativeTime } from '../../ui/RelativeTime';
import { useActions } from '../../wiki/actions';

/** Why the page cannot be written, and the way to change that for those who have one. */
export function Banner({ page }: { page: Page }) {
  const { t } = useTranslation();
  const actions = useActions();
  const mayEdit = atLeast(page.level, 'edit');
  if (page.trashed !== null) {
    return (
      <div className="banner" data-tone="warn">
        <IconTrash size={18} aria-hidden />
        <p>
          {t('page.trashed')} <RelativeTime at={page.trashed.at} />
        </p>
        {mayEdit && (
          <Button size="xs" onClick={() => void actions.restore(page.id)}>
            {t('page.restore')}
          </Button>
        )}
      </div>
    );
  }
  if (page.archived) {
    return (
      <div className="banner" data-tone="warn">
        <IconArchive size={18} aria-hidden />
        <p>{t('page.archived')}</p>
        {mayEdit && (
          <Button size="xs" variant="default" onClick={() => void actions.archive(page, false)}>
            {t('do.unarchive')}
          </Button>
        )}
      </div>
    );
  }
  if (mayEdit && page.template) {
    return (
      <div className="banner">
        <IconTemplate size={18} aria-hidden />
        <p>{t('page.template')}</p>
        <Button size="xs" variant="default" onClick={() => void actions.fromTemplate(page)}>
          {t('do.fromThis')}
        </Button>
      </div>
    );
  }
  if (mayEdit) return null;
  return (
    <div className="banner">
      <IconEye size={18} aria-hidden />
      <p>{t(page.level === 'comment' ? 'page.commentOnly' : 'page.viewOnly')}</p>
    </div>
  );
}

import { Menu } from '@mantine/core';
import {
  IconArchive,
  IconArchiveOff,
  IconArrowRight,
  IconBell,
  IconBellOff,
  IconCopy,
  IconExternalLink,
  IconFilePlus,
  IconLink,
  IconMoodSmile,
  IconPencil,
  IconShare,
  IconStar,
  IconStarOff,
  IconTemplate,
  IconTemplateOff,
  IconTrash,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Page, Row } from '../api/pages';
import { atLeast } from '../api/spaces';
import { type Actions, levelOf } from './actions';
import { openDialog } from './dialogs';
import { homeQuery, spacesQuery } from './queries';

/** Everything that can be done with one page, as entries of a menu. */
export function PageMenu({
  row,
  page,
  actions,
  hasChildren,
  onRename,
  isOpen = false,
}: {
  row: Row;
  /** Known when it is the page that is open. */
  page?: Page | undefined;
  actions: Actions;
  hasChildren: boolean;
  onRename?: (() => void) | undefined;
  /** It is the page one looks at. */
  isOpen?: boolean;
}) {
  const { t } = useTranslation();
  const { data: spaces = [] } = useQuery(spacesQuery);
  const { data: home } = useQuery({ ...homeQuery, enabled: false });
  const level = levelOf(row, spaces, page);
  const mayEdit = atLeast(level, 'edit');
  const isFavourite = page?.favourite ?? home?.favourites.some((one) => one.id === row.id) ?? false;
  return (
    <>
      {!isOpen && (
        <Menu.Item leftSection={<IconExternalLink size={16} />} onClick={() => void actions.open(row)}>
          {t('do.open')}
        </Menu.Item>
      )}
      {mayEdit && (
        <Menu.Item
          leftSection={<IconFilePlus size={16} />}
          onClick={() => actions.newPage({ space: row.space, parent: row.id })}
        >
          {t('do.newInside')}
        </Menu.Item>
      )}
      {mayEdit && row.template && (
        <Menu.Item leftSection={<IconTemplate size={16} />} onClick={() => void actions.fromTemplate(row)}>
          {t('do.fromThis')}
        </Menu.Item>
      )}
      <Menu.Divider />
      {mayEdit && onRename !== undefined && (
        <Menu.Item leftSection={<IconPencil size={16} />} rightSection={<kbd>F2</kbd>} onClick={onRename}>
          {t('do.rename')}
        </Menu.Item>
      )}
      {mayEdit && (
        <Menu.Item
          leftSection={<IconMoodSmile size={16} />}
          onClick={() => openDialog({ kind: 'icon', page: row.id })}
        >
          {t('do.icon')}
        </Menu.Item>
      )}
      <Menu.Item
        leftSection={isFavourite ? <IconStarOff size={16} /> : <IconStar size={16} />}
        onClick={() => void actions.favour(row, !isFavourite)}
      >
        {t(isFavourite ? 'do.unfavour' : 'do.favour')}
      </Menu.Item>
      {page !== undefined && (
        <Menu.Item
          leftSection={page.watching ? <IconBellOff size={16} /> : <IconBell size={16} />}
          onClick={() => void actions.watch(page, !page.watching)}
        >
          {t(page.watching ? 'do.unwatch' : 'do.watch')}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconLink size={16} />} onClick={() => void actions.copyLink(row)}>
        {t('do.copyLink')}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconShare size={16} />}
        onClick={() => openDialog({ kind: 'share', page: row.id })}
      >
        {t('do.share')}
      </Menu.Item>
      {mayEdit && (
        <>
          <Menu.Divider />
          <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => void actions.duplicate(row, false)}>
            {t('do.duplicate')}
          </Menu.Item>
          {hasChildren && (
            <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => void actions.duplicate(row, true)}>
              {t('do.duplicateAll')}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={row.template ? <IconTemplateOff size={16} /> : <IconTemplate size={16} />}
            onClick={() => void actions.setTemplate(row, !row.template)}
          >
            {t(row.template ? 'do.noTemplate' : 'do.template')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconArrowRight size={16} />}
            onClick={() => openDialog({ kind: 'move', page: row.id })}
          >
            {t('do.move')}
          </Menu.Item>
          <Menu.Item
            leftSection={row.archived ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}
            onClick={() => void actions.archive(row, !row.archived)}
          >
            {t(row.archived ? 'do.unarchive' : 'do.archive')}
          </Menu.Item>
          <Menu.Item
            className="menu-grave"
            leftSection={<IconTrash size={16} />}
            onClick={() => void actions.trash(row)}
          >
            {t('do.trash')}
          </Menu.Item>
        </>
      )}
    </>
  );
}

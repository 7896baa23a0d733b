import { Menu } from '@mantine/core';
import { IconFilePlus, IconFolderOpen, IconTemplate, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { atLeast } from '../../api/spaces';
import type { Actions } from '../../wiki/actions';
import { openDialog } from '../../wiki/dialogs';
import { PageMenu } from '../../wiki/PageMenu';
import type { Item } from './model';

export interface RowMenuPlace {
  x: number;
  y: number;
  key: string;
}

/** The menu of one line of the tree, where it was asked for. */
export function RowMenu(props: {
  place: RowMenuPlace;
  item: Item;
  hasChildren: boolean;
  actions: Actions;
  rename: () => void;
  close: () => void;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { item, place } = props;
  return (
    <Menu
      opened
      onClose={props.close}
      position="right-start"
      shadow="md"
      width={230}
      withinPortal
      returnFocus
      key={`${place.key} ${place.x} ${place.y}`}
    >
      <Menu.Target>
        <span aria-hidden style={{ position: 'fixed', left: place.x, top: place.y, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown>
        {item.kind === 'page' && (
          <PageMenu
            row={item.row}
            actions={props.actions}
            hasChildren={props.hasChildren}
            onRename={props.rename}
          />
        )}
        {item.kind === 'space' && (
          <>
            <Menu.Item
              leftSection={<IconFolderOpen size={16} />}
              onClick={() => void navigate({ to: '/$space', params: { space: item.space.slug } })}
            >
              {t('do.open')}
            </Menu.Item>
            {atLeast(item.space.level, 'edit') && (
              <>
                <Menu.Item
                  leftSection={<IconFilePlus size={16} />}
                  onClick={() => props.actions.newPage({ space: item.space.id })}
                >
                  {t('app.newPage')}
                </Menu.Item>
                <Menu.Item
                  leftSection={<IconTemplate size={16} />}
                  onClick={() => openDialog({ kind: 'template', space: item.space.id })}
                >
                  {t('do.fromTemplate')}
                </Menu.Item>
                <Menu.Item
                  leftSection={<IconTrash size={16} />}
                  onClick={() => void navigate({ to: '/$space/trash', params: { space: item.space.slug } })}
                >
                  {t('app.trash')}
                </Menu.Item>
              </>
            )}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

import type { ItemInstance } from '@headless-tree/core';
import { IconChevronRight, IconDots, IconLock, IconPlus } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { PageIcon, SpaceIcon } from '../../wiki/PageIcon';
import type { Item } from './model';

/** What a line asks of the tree; always the same object, so that lines need not be drawn anew for it. */
export interface RowActs {
  open: (key: string) => void;
  add: (key: string) => void;
  openMenu: (key: string, x: number, y: number) => void;
}

interface RowProps {
  item: ItemInstance<Item>;
  data: Exclude<Item, { kind: 'root' | 'gone' }>;
  top: number;
  height: number;
  hasChildren: boolean;
  isHere: boolean;
  mayWrite: boolean;
  href: string;
  /** Everything the tree itself knows of the line, as text: it is drawn anew only when this changes. */
  state: string;
  acts: RowActs;
}

/** What decides how a line looks apart from its props, which the item tells only when asked. */
export function rowState(item: ItemInstance<Item>): string {
  const { level, posInSet, setSize } = item.getItemMeta();
  const isRenaming = item.isRenaming();
  return [
    level,
    posInSet,
    setSize,
    item.isExpanded(),
    item.isFocused(),
    item.isUnorderedDragTarget(),
    isRenaming ? item.getTree().getRenamingValue() : isRenaming,
  ].join();
}

/** One line: a space or a page. Its buttons are for the mouse; the keyboard has the menu and the tree's own keys. */
export const TreeRow = memo(function TreeRow(props: RowProps) {
  const { t } = useTranslation();
  const { item, data, hasChildren, isHere } = props;
  const name = item.getItemName();
  const { onClick: _toggles, ...itemProps } = item.getProps();
  const icon = data.kind === 'space' ? data.space.icon : data.row.icon;
  const isClosed = data.kind === 'space' ? data.space.members === null : data.row.restricted;

  const onClick = (event: React.MouseEvent): void => {
    item.setFocused();
    // With a key held the browser opens the link its own way.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    props.acts.open(item.getId());
  };
  const onContextMenu = (event: React.MouseEvent<HTMLElement>): void => {
    event.preventDefault();
    item.setFocused();
    const box = event.currentTarget.getBoundingClientRect();
    // The keyboard's own menu key comes without a place.
    const isPointed = event.clientX !== 0 || event.clientY !== 0;
    const [x, y] = isPointed ? [event.clientX, event.clientY] : [box.left + 32, box.bottom];
    props.acts.openMenu(item.getId(), x, y);
  };
  const link = {
    className: 'tree-name',
    tabIndex: -1,
    draggable: false,
    'data-untitled': data.kind === 'page' && data.row.title === '',
    dir: 'auto',
  } as const;

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree itself listens to the keyboard
    <div
      {...itemProps}
      role="treeitem"
      tabIndex={item.isFocused() ? 0 : -1}
      aria-expanded={hasChildren ? item.isExpanded() : undefined}
      aria-current={isHere ? 'page' : undefined}
      className="tree-row"
      data-kind={data.kind}
      data-into={item.isUnorderedDragTarget()}
      style={
        {
          top: props.top,
          height: props.height,
          '--level': item.getItemMeta().level,
        } as React.CSSProperties
      }
      onFocus={(event) => {
        if (event.target === event.currentTarget && !item.isFocused()) item.setFocused();
      }}
      onClick={onClick}
      onContextMenu={onContextMenu}
    >
      <button
        type="button"
        className="tree-toggle"
        tabIndex={-1}
        aria-hidden={!hasChildren}
        aria-label={t(item.isExpanded() ? 'tree.collapse' : 'tree.expand', { title: name })}
        data-open={item.isExpanded()}
        style={hasChildren ? undefined : { visibility: 'hidden' }}
        onClick={(event) => {
          event.stopPropagation();
          item.setFocused();
          if (item.isExpanded()) item.collapse();
          else item.expand();
        }}
      >
        <IconChevronRight size={15} aria-hidden />
      </button>
      {data.kind === 'space' ? (
        <SpaceIcon icon={icon} />
      ) : (
        <PageIcon icon={icon} isTemplate={data.row.template} />
      )}
      {item.isRenaming() ? (
        <input
          {...item.getRenameInputProps()}
          className="tree-rename"
          aria-label={t('tree.rename', { title: name })}
          onClick={(event) => event.stopPropagation()}
        />
      ) : (
        // Not the router's own link: it would be drawn anew with every row that scrolls by.
        <a href={props.href} {...link}>
          {name}
        </a>
      )}
      {isClosed && <IconLock className="tree-lock" size={13} aria-label={t('tree.closed')} />}
      <span className="tree-actions">
        <button
          type="button"
          tabIndex={-1}
          aria-label={t('tree.menu', { title: name })}
          title={t('do.more')}
          onClick={(event) => {
            event.stopPropagation();
            const box = event.currentTarget.getBoundingClientRect();
            props.acts.openMenu(item.getId(), box.left, box.bottom + 2);
          }}
        >
          <IconDots size={16} aria-hidden />
        </button>
        {props.mayWrite && (
          <button
            type="button"
            tabIndex={-1}
            aria-label={t('tree.add', { title: name })}
            title={t('do.newInside')}
            onClick={(event) => {
              event.stopPropagation();
              props.acts.add(item.getId());
            }}
          >
            <IconPlus size={16} aria-hidden />
          </button>
        )}
      </span>
    </div>
  );
});

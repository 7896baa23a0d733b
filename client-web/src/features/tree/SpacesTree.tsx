import '../../locales/tree';
import './tree.css';
import type { TreeInstance } from '@headless-tree/core';
import { AssistiveTreeDescription } from '@headless-tree/react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Space } from '../../api/spaces';
import { useActions } from '../../wiki/actions';
import { pagePath } from '../../wiki/address';
import { spacesQuery } from '../../wiki/queries';
import { dragLabel } from './dragLabel';
import { type Item, spaceKey } from './model';
import { RowMenu, type RowMenuPlace } from './RowMenu';
import { type RowActs, rowState, TreeRow } from './TreeRow';
import { useExpanded, useHere, useModel, useReveal } from './useModel';
import { mayWrite, useSpacesTree } from './useSpacesTree';

const ROW_PX = 32;
/** Fingers need more. */
const ROW_TOUCH_PX = 44;
/** Rows drawn beyond what is seen, so that a quick turn of the wheel shows no gap. */
const ROWS_BEYOND = 12;

const NONE: readonly Space[] = [];

/** Which rows are near what is seen, and where each stands. */
function useRows(
  tree: TreeInstance<Item>,
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
) {
  const [isTouch] = useState(() => window.matchMedia('(pointer: coarse)').matches);
  const items = tree.getItems();
  const { focusedItem } = tree.getState();
  const focusedIndex = focusedItem == null ? 0 : tree.getItemInstance(focusedItem).getItemMeta().index;
  // The same functions for as long as they say the same: with new ones, every place is measured again.
  const getItemKey = useCallback((index: number) => items[index]?.getId() ?? index, [items]);
  const estimateSize = useCallback(() => (isTouch ? ROW_TOUCH_PX : ROW_PX), [isTouch]);
  return useVirtualizer<HTMLElement, HTMLDivElement>({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize,
    scrollMargin: list.current?.offsetTop ?? 0,
    overscan: ROWS_BEYOND,
    getItemKey,
    // Whoever comes with the keyboard comes to the focused row, so it is always there.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      if (focusedIndex < 0 || focusedIndex >= items.length || shown.includes(focusedIndex)) return shown;
      return [...shown, focusedIndex].sort((a, b) => a - b);
    },
  });
}

/** The same object for ever, which does what the newest one would. */
function useSteady(acts: RowActs): RowActs {
  const latest = useRef(acts);
  latest.current = acts;
  return useMemo<RowActs>(
    () => ({
      open: (key) => latest.current.open(key),
      add: (key) => latest.current.add(key),
      openMenu: (key, x, y) => latest.current.openMenu(key, x, y),
    }),
    [],
  );
}

/** Every space with its pages: one tree, so that a page can be carried from one to another. */
export function SpacesTree({ scroller }: { scroller: RefObject<HTMLElement | null> }) {
  const { t } = useTranslation();
  const { data: spaces = NONE } = useQuery(spacesQuery);
  const here = useHere();
  const navigate = useNavigate();
  const actions = useActions();
  const [expanded, setExpanded] = useExpanded(spaces);
  const model = useModel(spaces, expanded, here);
  const [menu, setMenu] = useState<RowMenuPlace | null>(null);

  const expandAll = useCallback(
    (keys: string[]) => setExpanded((before) => [...before, ...keys]),
    [setExpanded],
  );
  useReveal(model, spaces, here, expandAll);

  const open = (item: Item): void => {
    if (item.kind === 'page') void actions.open(item.row);
    else if (item.kind === 'space') {
      setExpanded((before) => [...before, spaceKey(item.space.id)]);
      void navigate({ to: '/$space', params: { space: item.space.slug } });
    }
  };

  const virtualizer = useRef<ReturnType<typeof useVirtualizer<HTMLElement, HTMLDivElement>> | null>(null);
  const tree = useSpacesTree({
    spaces,
    model,
    expanded,
    setExpanded,
    actions,
    open,
    scrollTo: (index) => virtualizer.current?.scrollToIndex(index),
  });

  const items = tree.getItems();
  const list = useRef<HTMLDivElement>(null);
  const rows = useRows(tree, scroller, list);
  virtualizer.current = rows;

  const { ref: registerTree, ...containerProps } = tree.getContainerProps(t('tree.label'));
  const register = useCallback(
    (element: HTMLDivElement | null) => {
      list.current = element;
      registerTree(element);
    },
    [registerTree],
  );
  const acts = useSteady({
    open: (key) => open(model.item(key)),
    add: (key) => {
      const item = model.item(key);
      setExpanded((before) => [...before, key]);
      if (item.kind === 'page') actions.newPage({ space: item.row.space, parent: item.row.id });
      else if (item.kind === 'space') actions.newPage({ space: item.space.id });
    },
    openMenu: (key, x, y) => setMenu({ key, x, y }),
  });
  const { scrollMargin } = rows.options;
  return (
    <>
      <AssistiveTreeDescription tree={tree} getLabel={dragLabel(t)} />
      <div {...containerProps} ref={register} className="tree" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((virtual) => {
          const item = items[virtual.index];
          const data = item?.getItemData();
          if (item === undefined || data === undefined || data.kind === 'gone' || data.kind === 'root')
            return null;
          return (
            <TreeRow
              key={virtual.key}
              item={item}
              data={data}
              top={virtual.start - scrollMargin}
              height={virtual.size}
              hasChildren={data.kind === 'space' || model.children(item.getId()).length > 0}
              isHere={
                data.kind === 'page'
                  ? data.row.id === here.page
                  : here.page === null && data.space.slug === here.space
              }
              mayWrite={mayWrite(spaces, data.kind === 'page' ? data.row.space : data.space.id)}
              href={hrefOf(data, spaces)}
              state={rowState(item)}
              acts={acts}
            />
          );
        })}
        <div className="tree-line" style={tree.getDragLineStyle()} />
      </div>
      {menu !== null && (
        <RowMenu
          place={menu}
          item={model.item(menu.key)}
          hasChildren={model.children(menu.key).length > 0}
          actions={actions}
          rename={() => tree.getItemInstance(menu.key).startRenaming()}
          close={() => setMenu(null)}
        />
      )}
    </>
  );
}

function hrefOf(item: Item, spaces: readonly Space[]): string {
  if (item.kind === 'space') return `/${encodeURIComponent(item.space.slug)}`;
  if (item.kind !== 'page') return '/';
  const { id, title, space } = item.row;
  return pagePath(spaces.find((one) => one.id === space)?.slug ?? null, id, title);
}

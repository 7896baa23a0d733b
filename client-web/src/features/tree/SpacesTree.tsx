import '../../locales/tree';
import './tree.css';
import {
  type DragTarget,
  dragAndDropFeature,
  hotkeysCoreFeature,
  type ItemInstance,
  isOrderedDragTarget,
  keyboardDragAndDropFeature,
  renamingFeature,
  syncDataLoaderFeature,
  type TreeInstance,
} from '@headless-tree/core';
import { AssistiveTreeDescription, useTree } from '@headless-tree/react';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { atLeast, type Space } from '../../api/spaces';
import { useActions } from '../../wiki/actions';
import { pagePath, readPagePart } from '../../wiki/address';
import { openDialog } from '../../wiki/dialogs';
import { pagesQuery, spacesQuery } from '../../wiki/queries';
import { isCircle, pathTo } from '../../wiki/tree';
import { dragLabel } from './dragLabel';
import { storedExpanded, storeExpanded } from './expanded';
import { buildModel, type Item, type Model, placeFor, ROOT, spaceKey, spaceOfKey } from './model';
import { RowMenu, type RowMenuPlace } from './RowMenu';
import { type RowActs, rowState, TreeRow } from './TreeRow';

export const INDENT_PX = 14;
const ROW_PX = 32;
/** Fingers need more. */
const ROW_TOUCH_PX = 44;
const OPEN_AT_FIRST = 2;

const NONE: readonly Space[] = [];

interface Here {
  /** The page that is looked at, and its space's slug. */
  page: string | null;
  space: string | null;
}

function useHere(): Here {
  const { space, page } = useParams({ strict: false }) as { space?: string; page?: string };
  return { space: space ?? null, page: page === undefined ? null : readPagePart(page) };
}

/** What is open, kept for the next visit; the tree asks for the same item more than once. */
function useExpanded(spaces: readonly Space[]) {
  const [own, setOwn] = useState(storedExpanded);
  const first = useMemo(() => spaces.slice(0, OPEN_AT_FIRST).map((space) => spaceKey(space.id)), [spaces]);
  const expanded = own ?? first;
  const latest = useRef(expanded);
  latest.current = expanded;
  const set = useCallback((change: string[] | ((before: string[]) => string[])): void => {
    const next = typeof change === 'function' ? change(latest.current) : change;
    const unique = [...new Set(next)];
    latest.current = unique;
    storeExpanded(unique);
    setOwn(unique);
  }, []);
  return [expanded, set] as const;
}

function useModel(spaces: readonly Space[], expanded: readonly string[], here: Here): Model {
  const wanted = useMemo(() => {
    const ids = new Set(expanded.map(spaceOfKey).filter((id) => id !== null));
    const current = spaces.find((space) => space.slug === here.space);
    if (current !== undefined) ids.add(current.id);
    return spaces.filter((space) => ids.has(space.id)).map(({ id }) => id);
  }, [spaces, expanded, here.space]);
  const rows = useQueries({
    queries: wanted.map((id) => pagesQuery(id)),
    combine: (results) => results.map(({ data }) => data),
  });
  return useMemo(() => {
    const known = wanted.flatMap((id, index) => {
      const data = rows[index];
      return data === undefined ? [] : [[id, data] as const];
    });
    return buildModel(spaces, new Map(known));
  }, [spaces, wanted, rows]);
}

/** Opens the way to the page that is looked at, once for each. */
function useReveal(
  model: Model,
  spaces: readonly Space[],
  here: Here,
  expand: (keys: string[]) => void,
): void {
  const revealed = useRef<string | null>(null);
  useEffect(() => {
    const space = spaces.find((one) => one.slug === here.space);
    if (here.page === null || space === undefined || revealed.current === here.page) return;
    const rows = model.rows(space.id);
    if (!rows.some((row) => row.id === here.page)) return;
    revealed.current = here.page;
    expand([spaceKey(space.id), ...pathTo(rows, here.page).map(({ id }) => id)]);
  }, [model, spaces, here.page, here.space, expand]);
}

const mayWrite = (spaces: readonly Space[], id: string): boolean => {
  const space = spaces.find((one) => one.id === id);
  return space !== undefined && atLeast(space.level, 'edit');
};

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
  const [isTouch] = useState(() => window.matchMedia('(pointer: coarse)').matches);

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

  const place = (dragged: ItemInstance<Item>, target: DragTarget<Item>) =>
    placeFor(
      model,
      target.item.getId(),
      isOrderedDragTarget(target) ? target.childIndex : null,
      dragged.getId(),
    );

  const focusedPage = (instance: TreeInstance<Item>) => {
    const item = instance.getFocusedItem()?.getItemData();
    return item?.kind === 'page' && mayWrite(spaces, item.row.space) ? item.row : null;
  };
  const isQuiet = (instance: TreeInstance<Item>): boolean => {
    const state = instance.getState();
    return state.dnd == null && state.renamingItem == null;
  };

  const virtualizer = useRef<ReturnType<typeof useVirtualizer<HTMLElement, HTMLDivElement>> | null>(null);
  const tree = useTree<Item>({
    rootItemId: ROOT,
    state: { expandedItems: expanded },
    setExpandedItems: setExpanded,
    dataLoader: { getItem: model.item, getChildren: model.children },
    getItemName: (item) => nameOf(item.getItemData(), t('app.untitled')),
    isItemFolder: () => true,
    indent: INDENT_PX,
    canReorder: true,
    reorderAreaPercentage: 0.3,
    openOnDropDelay: 600,
    canDrag: (items) =>
      items.every((item) => {
        const data = item.getItemData();
        return data.kind === 'page' && mayWrite(spaces, data.row.space);
      }),
    canDrop: (items, target) =>
      items.every((item) => {
        const to = place(item, target);
        const data = item.getItemData();
        if (to === null || data.kind !== 'page' || !mayWrite(spaces, to.space)) return false;
        return !isCircle(model.rows(data.row.space), data.row.id, to.parent);
      }),
    onDrop: (items, target) => {
      const [item] = items;
      const data = item?.getItemData();
      const to = item === undefined ? null : place(item, target);
      if (data?.kind !== 'page' || to === null) return;
      expandAll([to.parent ?? spaceKey(to.space)]);
      void actions.move(data.row, to);
    },
    canRename: (item) => {
      const data = item.getItemData();
      return data.kind === 'page' && mayWrite(spaces, data.row.space);
    },
    onRename: (item, value) => {
      const data = item.getItemData();
      if (data.kind === 'page') void actions.rename(data.row, value);
    },
    scrollToItem: (item) => virtualizer.current?.scrollToIndex(item.getItemMeta().index),
    hotkeys: {
      customOpen: {
        hotkey: 'Enter',
        isEnabled: isQuiet,
        handler: (_event, instance) => open(instance.getFocusedItem().getItemData()),
      },
      customMove: {
        hotkey: 'KeyM',
        isEnabled: isQuiet,
        handler: (_event, instance) => {
          const row = focusedPage(instance);
          if (row !== null) openDialog({ kind: 'move', page: row.id });
        },
      },
      customTrash: {
        hotkey: 'Delete',
        isEnabled: isQuiet,
        handler: (_event, instance) => {
          const row = focusedPage(instance);
          if (row !== null) void actions.trash(row);
        },
      },
    },
    features: [
      syncDataLoaderFeature,
      hotkeysCoreFeature,
      dragAndDropFeature,
      keyboardDragAndDropFeature,
      renamingFeature,
    ],
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the model is what the tree is rebuilt for
  useEffect(() => tree.rebuildTree(), [tree, model]);

  const items = tree.getItems();
  const list = useRef<HTMLDivElement>(null);
  const { focusedItem } = tree.getState();
  const focusedIndex = focusedItem == null ? 0 : tree.getItemInstance(focusedItem).getItemMeta().index;
  // The same functions for as long as they say the same: with new ones, every place is measured again.
  const getItemKey = useCallback((index: number) => items[index]?.getId() ?? index, [items]);
  const estimateSize = useCallback(() => (isTouch ? ROW_TOUCH_PX : ROW_PX), [isTouch]);
  const rows = useVirtualizer<HTMLElement, HTMLDivElement>({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize,
    scrollMargin: list.current?.offsetTop ?? 0,
    overscan: 12,
    getItemKey,
    // Whoever comes with the keyboard comes to the focused row, so it is always there.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      if (focusedIndex < 0 || shown.includes(focusedIndex)) return shown;
      return [...shown, focusedIndex].sort((a, b) => a - b);
    },
  });
  virtualizer.current = rows;

  const { ref: registerTree, ...containerProps } = tree.getContainerProps(t('tree.label'));
  const register = useCallback(
    (element: HTMLDivElement | null) => {
      list.current = element;
      registerTree(element);
    },
    [registerTree],
  );
  const latest = useRef<RowActs | null>(null);
  latest.current = {
    open: (key) => open(model.item(key)),
    add: (key) => {
      const item = model.item(key);
      setExpanded((before) => [...before, key]);
      if (item.kind === 'page') actions.newPage({ space: item.row.space, parent: item.row.id });
      else if (item.kind === 'space') actions.newPage({ space: item.space.id });
    },
    openMenu: (key, x, y) => setMenu({ key, x, y }),
  };
  const acts = useMemo<RowActs>(
    () => ({
      open: (key) => latest.current?.open(key),
      add: (key) => latest.current?.add(key),
      openMenu: (key, x, y) => latest.current?.openMenu(key, x, y),
    }),
    [],
  );
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

function nameOf(item: Item, untitled: string): string {
  if (item.kind === 'space') return item.space.name;
  if (item.kind === 'page') return item.row.title === '' ? untitled : item.row.title;
  return '';
}

import {
  type DragTarget,
  dragAndDropFeature,
  hotkeysCoreFeature,
  type ItemInstance,
  isOrderedDragTarget,
  keyboardDragAndDropFeature,
  renamingFeature,
  syncDataLoaderFeature,
  type TreeConfig,
  type TreeInstance,
} from '@headless-tree/core';
import { useTree } from '@headless-tree/react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place, Row } from '../../api/pages';
import { atLeast, type Space } from '../../api/spaces';
import type { Actions } from '../../wiki/actions';
import { openDialog } from '../../wiki/dialogs';
import { isCircle } from '../../wiki/tree';
import { type Item, type Model, placeFor, ROOT, spaceKey } from './model';

/** As in `tree.css`. */
const INDENT_PX = 14;
/** The part of a row, at its top and at its bottom, where something dropped goes between two rows. */
const BETWEEN_SHARE = 0.3;
const OPEN_AFTER_MS = 600;

export const mayWrite = (spaces: readonly Space[], id: string): boolean => {
  const space = spaces.find((one) => one.id === id);
  return space !== undefined && atLeast(space.level, 'edit');
};

/** What the tree is made of, and what it does with it. */
export interface TreeParts {
  spaces: readonly Space[];
  model: Model;
  /** The same array for as long as it says the same: another one makes the tree count its rows again. */
  expanded: string[];
  setExpanded: (change: string[] | ((before: string[]) => string[])) => void;
  actions: Actions;
  open: (item: Item) => void;
  scrollTo: (index: number) => void;
}

/** Which pages may be carried, where to, and what happens when they are put down. */
function carrying({ spaces, model, setExpanded, actions }: TreeParts): Partial<TreeConfig<Item>> {
  const rowOf = (item: ItemInstance<Item> | undefined): Row | null => {
    const data = item?.getItemData();
    return data?.kind === 'page' && mayWrite(spaces, data.row.space) ? data.row : null;
  };
  const place = (row: Row, target: DragTarget<Item>): Place | null =>
    placeFor(model, target.item.getId(), isOrderedDragTarget(target) ? target.childIndex : null, row.id);
  return {
    canReorder: true,
    reorderAreaPercentage: BETWEEN_SHARE,
    openOnDropDelay: OPEN_AFTER_MS,
    canDrag: (items) => items.every((item) => rowOf(item) !== null),
    canDrop: (items, target) =>
      items.every((item) => {
        const row = rowOf(item);
        const to = row === null ? null : place(row, target);
        if (row === null || to === null || !mayWrite(spaces, to.space)) return false;
        return !isCircle(model.rows(row.space), row.id, to.parent);
      }),
    onDrop: ([item], target) => {
      const row = rowOf(item);
      const to = row === null ? null : place(row, target);
      if (row === null || to === null) return;
      setExpanded((before) => [...before, to.parent ?? spaceKey(to.space)]);
      void actions.move(row, to);
    },
    canRename: (item) => rowOf(item) !== null,
    onRename: (item, value) => {
      const row = rowOf(item);
      if (row !== null) void actions.rename(row, value);
    },
  };
}

/** Keys beside the arrows, F2 and those that carry: each does something with the row that has the focus. */
function keys({ spaces, actions, open }: TreeParts): TreeConfig<Item>['hotkeys'] {
  const isQuiet = (tree: TreeInstance<Item>): boolean => {
    const { dnd, renamingItem } = tree.getState();
    return dnd == null && renamingItem == null;
  };
  const withPage = (run: (row: Row) => void) => (_event: KeyboardEvent, tree: TreeInstance<Item>) => {
    const item = tree.getFocusedItem()?.getItemData();
    if (item?.kind === 'page' && mayWrite(spaces, item.row.space)) run(item.row);
  };
  return {
    customOpen: {
      hotkey: 'Enter',
      isEnabled: isQuiet,
      handler: (_event, tree) => open(tree.getFocusedItem().getItemData()),
    },
    customMove: {
      hotkey: 'KeyM',
      isEnabled: isQuiet,
      handler: withPage((row) => openDialog({ kind: 'move', page: row.id })),
    },
    customTrash: {
      hotkey: 'Delete',
      isEnabled: isQuiet,
      handler: withPage((row) => void actions.trash(row)),
    },
  };
}

/** The tree's own state: focus, what is carried, what is renamed. */
export function useSpacesTree(parts: TreeParts): TreeInstance<Item> {
  const { t } = useTranslation();
  const { model, expanded, setExpanded, scrollTo } = parts;
  const tree = useTree<Item>({
    rootItemId: ROOT,
    state: { expandedItems: expanded },
    setExpandedItems: setExpanded,
    dataLoader: { getItem: model.item, getChildren: model.children },
    getItemName: (item) => nameOf(item.getItemData(), t('app.untitled')),
    // A page without others in it can still be given some.
    isItemFolder: () => true,
    indent: INDENT_PX,
    scrollToItem: (item) => scrollTo(item.getItemMeta().index),
    ...carrying(parts),
    hotkeys: keys(parts) ?? {},
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
  return tree;
}

function nameOf(item: Item, untitled: string): string {
  if (item.kind === 'space') return item.space.name;
  if (item.kind === 'page') return item.row.title === '' ? untitled : item.row.title;
  return '';
}

import { AssistiveDndState, type DndState, isOrderedDragTarget } from '@headless-tree/core';
import type { TFunction } from 'i18next';

/** What a screen reader is told while a page is carried by keyboard. */
export function dragLabel(t: TFunction) {
  return <T>(dnd: DndState<T> | null | undefined, state: AssistiveDndState): string => {
    switch (state) {
      case AssistiveDndState.Started:
        return t('tree.carryStarted', { title: dnd?.draggedItems?.[0]?.getItemName() ?? '' });
      case AssistiveDndState.Dragging: {
        const target = dnd?.dragTarget;
        if (target === undefined) return t('tree.carryNowhere');
        const name = target.item.getItemName();
        if (!isOrderedDragTarget(target)) return t('tree.carryInto', { title: name });
        return t('tree.carryAt', { title: name, number: target.childIndex + 1 });
      }
      case AssistiveDndState.Completed:
        return t('tree.carryDone');
      case AssistiveDndState.Aborted:
        return t('tree.carryStopped');
      default:
        return '';
    }
  };
}

import '../../editor/styles/editor.css';
import '../../editor/styles/floating.css';
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useTranslation } from 'react-i18next';
import { FloatingBar } from '../../editor/menus/FloatingBar';
import { Painter } from '../../editor/past/paint';
import { type PastNode, plainText } from '../../editor/past/tree';
import { BODY_FIELD, TITLE_FIELD } from '../../sync';
import { Notice } from '../../ui/Notice';
import { isGone, whatFailed } from './actions';
import { type Changes, changeKind } from './changes';
import { usePast } from './context';
import { SmallFaces, useNames } from './Faces';
import type { Shown } from './model';
import { exactTime } from './when';

const childrenOf = (node: PastNode | undefined): PastNode[] => node?.children ?? [];

/** Blocks are drawn by hand, not by React: a moment differs from its neighbour in one of a thousand of them. */
function usePainting(
  title: RefObject<HTMLElement | null>,
  body: RefObject<HTMLElement | null>,
  shown: Shown | null,
  after: () => void,
): void {
  const { who, known, model } = usePast();
  const { t } = useTranslation();
  const unknown = t('editor.unknown');
  const painters = useRef<{ title: Painter; body: Painter } | null>(null);
  useLayoutEffect(() => {
    if (title.current === null || body.current === null) return;
    painters.current = {
      title: new Painter(title.current, { unknown }),
      body: new Painter(body.current, { unknown }),
    };
    return () => {
      title.current?.replaceChildren();
      body.current?.replaceChildren();
      painters.current = null;
    };
  }, [title, body, unknown]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: people becoming known changes the colours of what is drawn
  useLayoutEffect(() => {
    const page = body.current;
    if (shown === null || painters.current === null || page === null) return;
    const start = performance.now();
    painters.current.title.paint(childrenOf(shown.roots[TITLE_FIELD]));
    painters.current.body.paint(childrenOf(shown.roots[BODY_FIELD]));
    for (const part of [title.current, page]) {
      for (const element of part?.querySelectorAll<HTMLElement>('[data-by]') ?? []) {
        element.style.setProperty('--by', who.colorOf(element.dataset.by ?? ''));
      }
    }
    const blocks = [...page.children] as HTMLElement[];
    // One stop for the Tab key; the arrows go from block to block.
    const stop =
      blocks.find((block) => block.tabIndex === 0 && block === document.activeElement) ?? blocks[0];
    for (const block of blocks) block.tabIndex = block === stop ? 0 : -1;
    // Laying out is the greater part of drawing; asking for a size makes it happen here, where it is measured.
    void page.offsetHeight;
    model.drew(performance.now() - start);
    after();
  }, [shown, who, known, model, title, body, unknown, after]);
}

/** What the pointer or the focus is on: the change, and the block around it. */
function useTarget(page: RefObject<HTMLElement | null>, body: RefObject<HTMLElement | null>) {
  const [change, setChange] = useState<HTMLElement | null>(null);
  const [block, setBlock] = useState<HTMLElement | null>(null);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(leaving.current), []);
  const aim = useCallback(
    (target: EventTarget | null) => {
      clearTimeout(leaving.current);
      if (!(target instanceof HTMLElement) || !page.current?.contains(target)) return;
      // The tools of a block hang in the page too; who reaches for them has not left the block.
      if (target.closest('.floating') !== null) return;
      setChange(target.closest<HTMLElement>('[data-change]'));
      let top: HTMLElement | null = target;
      while (top !== null && top.parentElement !== body.current) top = top.parentElement;
      setBlock(top);
    },
    [page, body],
  );
  /** Not at once: the pointer may be on its way to the button beside the block. */
  const leave = useCallback(() => {
    clearTimeout(leaving.current);
    leaving.current = setTimeout(() => {
      setChange(null);
      setBlock(null);
    }, 250);
  }, []);
  const stay = useCallback(() => clearTimeout(leaving.current), []);
  const clear = useCallback(() => {
    setChange(null);
    setBlock(null);
  }, []);
  return { change, block, aim, leave, stay, clear };
}

/** The page at the moment that is looked at, or two moments of it merged. Nothing in it can be changed. */
export function PastPage({ changes, page }: { changes: Changes; page: RefObject<HTMLElement | null> }) {
  const { t } = useTranslation();
  const { model, head, canWrite, settle } = usePast();
  // Each by itself: the place changes with every frame of a moving handle, what is drawn does not.
  const shown = useSyncExternalStore(model.subscribe, () => model.getView().shown);
  const error = useSyncExternalStore(model.subscribe, () => model.getView().error);
  const pending = useSyncExternalStore(model.subscribe, () => model.getView().pending);
  const title = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const target = useTarget(page, body);
  const { clear } = target;
  const { refresh } = changes;
  const after = useCallback(() => {
    clear();
    refresh();
  }, [clear, refresh]);
  usePainting(title, body, shown, after);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const from = document.activeElement;
    if (!(from instanceof HTMLElement) || from.parentElement !== body.current) return;
    const next = event.key === 'ArrowDown' ? from.nextElementSibling : from.previousElementSibling;
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  const isBlank =
    shown !== null &&
    childrenOf(shown.roots[BODY_FIELD]).length === 0 &&
    plainText(shown.roots[TITLE_FIELD]) === '';
  const isUntitled = shown !== null && plainText(shown.roots[TITLE_FIELD]).trim() === '';
  return (
    <main
      className="column page past-page"
      id="content"
      tabIndex={-1}
      aria-busy={pending}
      data-pending={pending}
      data-compared={shown?.summary != null}
      ref={page}
      onPointerOver={(event) => target.aim(event.target)}
      onPointerLeave={target.leave}
      onFocus={(event) => target.aim(event.target)}
      onBlur={target.leave}
      onKeyDown={onKeyDown}
    >
      {error !== null && (
        <div role="alert" className="past-error">
          <Notice tone="bad" title={t('history.momentFailed')} text={whatFailed(error, t)}>
            {isGone(error) ? (
              <Button onClick={() => settle(head.seq)}>{t('history.return')}</Button>
            ) : (
              <Button onClick={() => model.retry()}>{t('history.retry')}</Button>
            )}
          </Notice>
        </div>
      )}
      <div hidden={error !== null}>
        <h1 className="title" data-untitled={isUntitled}>
          <div ref={title} className="title-text" dir="auto" />
          {isUntitled && <span className="past-untitled">{t('app.untitled')}</span>}
        </h1>
        <div className="body">
          {/* biome-ignore lint/a11y/useSemanticElements: the blocks of a page are no form */}
          <div
            ref={body}
            className="prose"
            dir="auto"
            role="group"
            aria-label={t('history.page')}
            data-testid="past-body"
          />
          {isBlank && <p className="past-blank">{t('history.blank')}</p>}
        </div>
      </div>
      {target.change !== null && shown !== null && <ChangeCard element={target.change} />}
      {canWrite && target.block !== null && shown !== null && (
        <BlockTools
          block={target.block}
          shown={shown}
          isNow={shown.at >= head.seq}
          stay={target.stay}
          leave={target.leave}
        />
      )}
    </main>
  );
}

/** Who made a change and when, beside it. */
function ChangeCard({ element }: { element: HTMLElement }) {
  const { t, i18n } = useTranslation();
  const nameOf = useNames();
  const anchor = useCallback(() => {
    if (!element.isConnected) return null;
    return element.getClientRects()[0] ?? element.getBoundingClientRect();
  }, [element]);
  const { change, by = '', at } = element.dataset;
  return (
    <FloatingBar
      label={t('history.change')}
      role="tooltip"
      anchor={anchor}
      context={element}
      placement="bottom-start"
    >
      <span className="past-card">
        <SmallFaces keys={[by]} />
        <span>
          {t(`history.did.${changeKind(change)}`, { name: nameOf(by) })}
          <span className="past-by">{exactTime(Number(at), i18n.language)}</span>
        </span>
      </span>
    </FloatingBar>
  );
}

/** The way back for one block. */
function BlockTools(props: {
  block: HTMLElement;
  shown: Shown;
  isNow: boolean;
  stay: () => void;
  leave: () => void;
}) {
  const { t } = useTranslation();
  const { actions } = usePast();
  const { block, shown } = props;
  const anchor = useCallback(() => (block.isConnected ? block.getBoundingClientRect() : null), [block]);
  const id = block.dataset.past ?? block.querySelector<HTMLElement>('[data-past]')?.dataset.past;
  // What is struck out here was there before; what is looked at now is there anyway.
  const isGone = block.dataset.change === 'removed';
  const to = (isGone || props.isNow) && shown.from !== null ? shown.from : shown.at;
  const isNothingToDo = props.isNow && (shown.from === null || block.dataset.change === 'added');
  if (id === undefined || isNothingToDo) return null;
  const label = t('history.restoreBlock');
  const restore = (): void => void actions.restore({ to, blocks: [id] });
  // Beside the block where there is room beside it.
  const isWide = window.matchMedia('(min-width: 48em)').matches;
  return (
    <FloatingBar
      label={t('history.block')}
      anchor={anchor}
      context={block}
      placement={isWide ? 'right-start' : 'top-end'}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keeps the bar open while the pointer is on it */}
      <span onPointerEnter={props.stay} onPointerLeave={props.leave} onFocus={props.stay}>
        {isWide ? (
          <Tooltip label={label} openDelay={0}>
            <ActionIcon variant="subtle" size="lg" aria-label={label} onClick={restore}>
              <IconRestore size={18} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <Button
            size="compact-md"
            variant="subtle"
            leftSection={<IconRestore size={15} aria-hidden />}
            onClick={restore}
          >
            {label}
          </Button>
        )}
      </span>
    </FloatingBar>
  );
}

import '../../locales/history';
import '@mantine/core/styles/Slider.css';
import '@mantine/core/styles/Menu.css';
import '@mantine/core/styles/Drawer.css';
import './history.css';
import './rail.css';
import { Button } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/documents';
import type { Author } from '../../api/history';
import { getPerson, readGuests, type Session } from '../../sync';
import { Notice } from '../../ui/Notice';
import { useActions, whatFailed } from './actions';
import { useAddress } from './address';
import { useChanges } from './changes';
import { type Past, PastContext } from './context';
import { HistoryBar } from './HistoryBar';
import { type Against, HistoryModel } from './model';
import { PastPage } from './PastPage';
import { useDensity, useFollowing, useTimeline, useVersions } from './queries';
import { Rail } from './Rail';
import { SessionPanel } from './SessionPanel';
import { comparable } from './track';
import { Who } from './who';

/** A key that is held or a handle that moved by steps has come to rest after this long. */
const SETTLED_MS = 300;

/** The people of this history, in the colours they wear on the page right now. */
function useWho(session: Session): { who: Who; known: number; learn: (authors: readonly Author[]) => void } {
  const [who] = useState(() => {
    const made = new Who();
    for (const { name, color } of readGuests(session.awareness)) if (name !== null) made.wears(name, color);
    const own = getPerson();
    made.wears(own.name, own.color);
    return made;
  });
  const [known, bump] = useReducer((count: number) => count + 1, 0);
  const learn = useCallback(
    (authors: readonly Author[]) => {
      if (who.learn(authors)) bump();
    },
    [who],
  );
  return { who, known, learn };
}

function useModel(name: string, learn: (authors: readonly Author[]) => void): HistoryModel | null {
  const queries = useQueryClient();
  const [model, setModel] = useState<HistoryModel | null>(null);
  useEffect(() => {
    const made = new HistoryModel(name, queries, learn);
    setModel(made);
    return () => {
      setModel(null);
      made.close();
    };
  }, [name, queries, learn]);
  return model;
}

/** What the server knows of this page's past, as far as it was asked. */
function useKnowledge(name: string, who: Who) {
  const timeline = useTimeline(name);
  const density = useDensity(name);
  const versions = useVersions(name);
  const pages = timeline.data?.pages;
  const sessions = useMemo(() => pages?.flatMap((page) => page.sessions) ?? [], [pages]);
  const authors = useMemo(() => {
    if (density.isPending) return [];
    const all = new Map<string, Author>();
    for (const one of [...(density.data?.authors ?? []), ...(pages ?? []).flatMap((page) => page.authors)])
      all.set(one.key, one);
    const found = [...all.values()];
    // Here and not after drawing: whoever is drawn first would get the first colour, and the next visit another.
    who.learn(found);
    return found;
  }, [who, density.data, density.isPending, pages]);
  return { timeline, density, versions, sessions, authors };
}

/** The page as it was. Everything here only reads, until somebody asks for something to be brought back. */
export default function HistoryMode(props: { session: Session; canWrite: boolean; leave: () => void }) {
  const { session, canWrite, leave } = props;
  const { t } = useTranslation();
  const { who, known, learn } = useWho(session);
  const model = useModel(session.name, learn);
  const { timeline, density, versions, sessions, authors } = useKnowledge(session.name, who);
  useFollowing(session);
  useReturn(session, model);
  const actions = useActions(session.name, leave);

  const newest = timeline.data?.pages[0];
  const first = newest?.first;
  const head = newest?.head;
  const motion = useMotion(model, {
    first: first?.seq,
    head: head?.seq,
    isNewest: !timeline.isFetching,
  });
  useEffect(() => model?.know(sessions), [model, sessions]);
  useLeaveKey(leave);

  const past = useMemo((): Past | null => {
    if (model === null || first === undefined || head === undefined || density.isPending) return null;
    return {
      session,
      model,
      who,
      known,
      authors,
      first,
      head,
      sessions,
      versions: versions.data ?? [],
      canWrite,
      actions,
      ...motion,
      leave,
    };
  }, [
    density.isPending,
    session,
    model,
    who,
    known,
    authors,
    first,
    head,
    sessions,
    versions.data,
    canWrite,
    actions,
    motion,
    leave,
  ]);

  if (timeline.error !== null && newest === undefined) {
    const isEmpty = timeline.error instanceof ApiError && timeline.error.status === 404;
    return isEmpty ? (
      <NoHistory leave={leave} />
    ) : (
      <main className="column page" id="content" tabIndex={-1}>
        <div role="alert">
          <Notice tone="bad" title={t('history.errorTitle')} text={whatFailed(timeline.error, t)}>
            <Button variant="default" onClick={leave}>
              {t('history.back')}
            </Button>
            <Button onClick={() => void timeline.refetch()}>{t('history.retry')}</Button>
          </Notice>
        </div>
      </main>
    );
  }
  if (past === null) return <main className="column page" id="content" aria-busy tabIndex={-1} />;
  if (past.head.seq === 0) return <NoHistory leave={leave} />;
  return (
    <PastContext value={past}>
      <View timeline={timeline} density={density.data} />
    </PastContext>
  );
}

function View(props: {
  timeline: ReturnType<typeof useTimeline>;
  density: ReturnType<typeof useDensity>['data'];
}) {
  const isWide = useMediaQuery('(min-width: 62em)', undefined, { getInitialValueInEffect: false });
  const [listOpen, setListOpen] = useState(false);
  const page = useRef<HTMLElement>(null);
  const changes = useChanges(page);
  return (
    <div className="past">
      <HistoryBar
        density={props.density}
        changes={changes}
        openList={isWide ? null : () => setListOpen(true)}
      />
      <div className="past-split">
        <PastPage changes={changes} page={page} />
        <SessionPanel
          timeline={props.timeline}
          density={props.density}
          drawer={isWide ? null : { opened: listOpen, close: () => setListOpen(false) }}
        />
      </div>
      <Rail density={props.density} />
    </div>
  );
}

function NoHistory({ leave }: { leave: () => void }) {
  const { t } = useTranslation();
  return (
    <main className="column page" id="content" tabIndex={-1}>
      <Notice level={1} title={t('history.emptyTitle')} text={t('history.emptyText')}>
        <Button onClick={leave}>{t('history.back')}</Button>
      </Notice>
    </main>
  );
}

/** Once the server is back, what it could not be asked for is asked for again. */
function useReturn(session: Session, model: HistoryModel | null): void {
  const queries = useQueryClient();
  const isAway = useSyncExternalStore(session.subscribe, () => {
    const { kind } = session.getView().save;
    return kind === 'offline' || kind === 'reconnecting';
  });
  const wasAway = useRef(isAway);
  useEffect(() => {
    if (wasAway.current && !isAway) {
      void queries.invalidateQueries({ queryKey: ['history', session.name] });
      if (model !== null && model.getView().error !== null) model.retry();
    }
    wasAway.current = isAway;
  }, [isAway, session, model, queries]);
}

/** Keeps the address and the place in step: the address leads, but for what is being moved right now. */
function useMotion(
  model: HistoryModel | null,
  known: { first: number | undefined; head: number | undefined; isNewest: boolean },
) {
  const { first, head, isNewest } = known;
  const { at, against, go } = useAddress();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (model === null || first === undefined || head === undefined || head === 0) return;
    // What lies before the first is asked for too: a version may be kept of it, and else the server says that it is gone.
    const wanted = at === 'now' ? head : Math.min(Math.max(at, 1), head);
    const other = typeof against === 'number' ? comparable(against, wanted, first) : against;
    // A link may speak of a moment that is not there: of another page, or written by hand.
    if (isNewest && ((at !== 'now' && wanted !== at) || other !== against)) {
      go(wanted === head ? 'now' : wanted, other);
    }
    const { place, motion } = model.getView();
    if (motion !== 'still' || (place?.at === wanted && place.against === other)) return;
    model.go({ at: wanted, against: other }, 'still');
  }, [model, first, head, isNewest, at, against, go]);

  return useMemo(() => {
    const aim = (to: number, other: Against | undefined): { at: number; against: Against } => {
      const chosen = other === undefined ? (model?.getView().place?.against ?? null) : other;
      return { at: to, against: typeof chosen === 'number' ? comparable(chosen, to, first ?? 1) : chosen };
    };
    const settle = (to: number, other?: Against): void => {
      clearTimeout(timer.current);
      const place = aim(to, other);
      model?.go(place, 'still');
      go(to === head ? 'now' : to, place.against);
    };
    const move = (to: number, other?: Against): void => {
      clearTimeout(timer.current);
      model?.go(aim(to, other), 'drag');
      timer.current = setTimeout(() => settle(to, other), SETTLED_MS);
    };
    return { move, settle };
  }, [model, first, head, go]);
}

const OPEN = '.mantine-Menu-dropdown, .mantine-Popover-dropdown, .mantine-Drawer-content';

/** Escape leads back to the page, unless something else is open that it closes. */
function useLeaveKey(leave: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      if (event.target instanceof Element && event.target.closest('input, textarea') !== null) return;
      if ([...document.querySelectorAll(OPEN)].some((element) => element.checkVisibility())) return;
      leave();
    };
    // Before anyone else, because what the key closes is no longer open afterwards.
    window.addEventListener('keydown', onKey, true);
    return () => window.removeEventListener('keydown', onKey, true);
  }, [leave]);
}

import { ActionIcon, Button, Drawer, Menu, SegmentedControl, Skeleton } from '@mantine/core';
import {
  IconDots,
  IconEraser,
  IconFileDiff,
  IconFileImport,
  IconFlagFilled,
  IconFlagOff,
  IconPencil,
  IconRestore,
  IconServer2,
  IconUserX,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Density, EditSession, Version } from '../../api/history';
import { whatFailed } from './actions';
import { usePast } from './context';
import { SmallFaces, useNames } from './Faces';
import { NameForm } from './NameForm';
import type { useTimeline } from './queries';
import { guess, sessionAt } from './track';
import { clock, dayHeading, moment } from './when';

type Timeline = ReturnType<typeof useTimeline>;

/** A row of the list: an editing session, or a moment with a name. */
type Row =
  | { kind: 'session'; time: number; seq: number; session: EditSession }
  | { kind: 'version'; time: number; seq: number; version: Version };

/** Everything in one list, newest first; a named moment stands above the session whose end it marks. */
function rowsOf(
  sessions: readonly EditSession[],
  versions: readonly Version[],
  options: { namedOnly: boolean; all: boolean },
): Row[] {
  const rows: Row[] = [];
  const oldest = sessions.at(-1)?.from.seq ?? 0;
  for (const version of versions) {
    if (version.kind !== 'named') continue;
    // Those before what has been loaded come with their sessions.
    if (!options.namedOnly && !options.all && version.seq < oldest) continue;
    rows.push({ kind: 'version', time: version.time, seq: version.seq, version });
  }
  if (!options.namedOnly) {
    for (const session of sessions)
      rows.push({ kind: 'session', time: session.to.time, seq: session.to.seq, session });
  }
  return rows.sort((a, b) => b.seq - a.seq || (a.kind === 'version' ? -1 : 1));
}

function byDay(rows: readonly Row[], language: string): { heading: string; rows: Row[] }[] {
  const days: { heading: string; rows: Row[] }[] = [];
  const now = Date.now();
  for (const row of rows) {
    const heading = dayHeading(row.time, now, language);
    const last = days.at(-1);
    if (last?.heading === heading) last.rows.push(row);
    else days.push({ heading, rows: [row] });
  }
  return days;
}

/** The history as a list: who was here from when to when, and what of it has a name. */
export function SessionPanel(props: {
  timeline: Timeline;
  density: Density | undefined;
  /** On a narrow screen it slides over the page. */
  drawer: { opened: boolean; close: () => void } | null;
}) {
  const { t } = useTranslation();
  const list = (
    <SessionList
      timeline={props.timeline}
      density={props.density}
      chosen={props.drawer?.close ?? (() => undefined)}
    />
  );
  if (props.drawer === null) {
    return (
      <aside className="past-list" aria-label={t('history.sessions')}>
        {list}
      </aside>
    );
  }
  return (
    <Drawer
      opened={props.drawer.opened}
      onClose={props.drawer.close}
      position="bottom"
      size="75%"
      title={t('history.sessions')}
      closeButtonProps={{ 'aria-label': t('toast.close') }}
    >
      {list}
    </Drawer>
  );
}

/** The row of the moment that is looked at. It seldom changes while a handle moves, and only then is the list drawn again. */
function useCurrent(): { session: EditSession | undefined; version: string | undefined } {
  const { model, head, sessions, versions } = usePast();
  const at = (): number => model.getView().place?.at ?? head.seq;
  const session = useSyncExternalStore(model.subscribe, () => sessionAt(sessions, at()));
  const version = useSyncExternalStore(
    model.subscribe,
    () => versions.find(({ seq, kind }) => kind === 'named' && seq === at())?.id,
  );
  return { session, version };
}

function SessionList(props: { timeline: Timeline; density: Density | undefined; chosen: () => void }) {
  const { t, i18n } = useTranslation();
  const { sessions, versions } = usePast();
  const current = useCurrent();
  const [namedOnly, setNamedOnly] = useState(false);
  const { timeline } = props;
  const days = useMemo(
    () => byDay(rowsOf(sessions, versions, { namedOnly, all: !timeline.hasNextPage }), i18n.language),
    [sessions, versions, namedOnly, timeline.hasNextPage, i18n.language],
  );
  return (
    <>
      <SegmentedControl
        fullWidth
        size="xs"
        value={namedOnly ? 'named' : 'all'}
        onChange={(value) => setNamedOnly(value === 'named')}
        data={[
          { value: 'all', label: t('history.all') },
          { value: 'named', label: t('history.named') },
        ]}
      />
      {days.length === 0 && (
        <p className="past-list-note">{t(namedOnly ? 'history.noneNamed' : 'history.emptyText')}</p>
      )}
      {days.map((day) => (
        <section key={day.heading} className="past-day">
          <h2>{day.heading}</h2>
          <ul>
            {day.rows.map((row) => (
              <li key={row.kind === 'version' ? row.version.id : `${row.seq}`}>
                {row.kind === 'version' ? (
                  <VersionRow
                    version={row.version}
                    current={current.version === row.version.id}
                    chosen={props.chosen}
                  />
                ) : row.session.kind === 'earlier' ? (
                  <p className="past-list-note">{t('history.earlier')}</p>
                ) : (
                  <SessionRow
                    session={row.session}
                    current={current.version === undefined && current.session === row.session}
                    density={props.density}
                    chosen={props.chosen}
                  />
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
      {!namedOnly && <More timeline={timeline} />}
    </>
  );
}

/** Asks for older sessions when the end of the list comes into view. */
function More({ timeline }: { timeline: Timeline }) {
  const { t } = useTranslation();
  const end = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError, error } = timeline;
  useEffect(() => {
    const element = end.current;
    if (element === null || !hasNextPage || isFetchingNextPage || isFetchNextPageError) return;
    const watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void fetchNextPage();
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  if (isFetchNextPageError) {
    return (
      <div role="alert" className="past-list-note">
        <p>{whatFailed(error, t)}</p>
        <Button size="xs" variant="default" onClick={() => void fetchNextPage()}>
          {t('history.retry')}
        </Button>
      </div>
    );
  }
  return (
    <div ref={end}>
      {hasNextPage && (
        <div role="status" aria-label={t('history.loading')}>
          <Skeleton height={44} my={6} />
          <Skeleton height={44} my={6} />
        </div>
      )}
    </div>
  );
}

function VersionRow(props: { version: Version; current: boolean; chosen: () => void }) {
  const { t, i18n } = useTranslation();
  const { settle, actions, canWrite } = usePast();
  const [renaming, setRenaming] = useState(false);
  const isBack = useRef(false);
  const { version } = props;
  if (renaming) {
    return (
      <div className="past-row-form">
        <NameForm
          start={version.name ?? ''}
          submit={(name) => actions.rename(version.id, name)}
          close={() => {
            isBack.current = true;
            setRenaming(false);
          }}
        />
      </div>
    );
  }
  return (
    <div className="past-row" data-current={props.current}>
      <button
        type="button"
        className="past-row-main past-version"
        ref={(row) => {
          // Who has renamed it, or would rather not, goes on from here.
          if (row !== null && isBack.current) row.focus();
          isBack.current = false;
        }}
        aria-current={props.current}
        onClick={() => {
          settle(version.seq);
          props.chosen();
        }}
      >
        <IconFlagFilled size={14} aria-hidden />
        <span className="past-version-name" dir="auto">
          {version.name}
        </span>
        <span className="past-row-time">{clock(version.time, i18n.language)}</span>
      </button>
      {canWrite && (
        <RowMenu label={t('history.versionMenu', { name: version.name ?? '' })}>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setRenaming(true)}>
            {t('history.rename')}
          </Menu.Item>
          <Menu.Item leftSection={<IconFlagOff size={16} />} onClick={() => void actions.unname(version.id)}>
            {t('history.unname')}
          </Menu.Item>
        </RowMenu>
      )}
    </div>
  );
}

function RowMenu({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Menu position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="md" className="past-row-menu" aria-label={label}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}

/** Programs that write over HTTP may come as someone else each time; a row names only so many. */
const NAMES_MAX = 4;
const MENU_AUTHORS_MAX = 12;
const KIND_ICONS = {
  restore: IconRestore,
  import: IconFileImport,
  server: IconServer2,
  erase: IconEraser,
} as const;

/** What a session that is no typing was. */
function useKindWords(session: EditSession, density: Density | undefined): string | null {
  const { t, i18n } = useTranslation();
  const nameOf = useNames();
  if (session.kind === 'edit' || session.kind === 'earlier') return null;
  if (session.kind === 'erase') {
    const count = session.erased?.characters ?? 0;
    const reason = session.erased?.reason ?? null;
    const words = t('history.kind.erased', { count });
    return reason === null ? words : t('history.kind.because', { words, reason });
  }
  if (session.kind !== 'restore') return t(`history.kind.${session.kind}`);
  const { restored } = session;
  if (restored?.author !== undefined) {
    return t('history.kind.takenBack', { name: nameOf(restored.author) });
  }
  const about = restored?.to === undefined ? null : guess(density, restored.to);
  // With a "from" it undid what was done in between.
  if (about === null || restored?.from !== undefined) return t('history.kind.undone');
  const time = moment(about.time, Date.now(), i18n.language, t);
  return t(restored?.whole === true ? 'history.kind.restoredPage' : 'history.kind.restoredPart', { time });
}

function SessionRow(props: {
  session: EditSession;
  current: boolean;
  density: Density | undefined;
  chosen: () => void;
}) {
  const { t, i18n } = useTranslation();
  const { settle, canWrite, actions } = usePast();
  const nameOf = useNames();
  const { session } = props;
  const { from, to, authors } = session;
  const kind = useKindWords(session, props.density);
  const Icon = session.kind === 'edit' || session.kind === 'earlier' ? null : KIND_ICONS[session.kind];
  const [start, end] = [clock(from.time, i18n.language), clock(to.time, i18n.language)];
  const isSpan = start !== end;
  return (
    <div className="past-row" data-current={props.current}>
      <button
        type="button"
        className="past-row-main"
        aria-current={props.current}
        data-testid="past-session"
        onClick={() => {
          settle(to.seq);
          props.chosen();
        }}
      >
        <SmallFaces keys={authors.slice(0, NAMES_MAX)} />
        <span className="past-row-text">
          <span className="past-row-names" dir="auto">
            {authors.length === 0
              ? t(session.kind === 'erase' ? 'history.operator' : 'history.someone')
              : authors.slice(0, NAMES_MAX).map(nameOf).join(', ')}
            {authors.length > NAMES_MAX && ` ${t('page.more', { count: authors.length - NAMES_MAX })}`}
          </span>
          {kind !== null && Icon !== null && (
            <span className="past-row-kind">
              <Icon size={13} aria-hidden />
              {kind}
            </span>
          )}
          <span className="past-row-facts">
            <span className="past-row-time">{isSpan ? `${start}–${end}` : start}</span>
            <span className="past-plus">
              <span aria-hidden>+{session.added}</span>
              <span className="unseen">{t('history.added', { count: session.added })}</span>
            </span>
            <span className="past-minus">
              <span aria-hidden>−{session.removed}</span>
              <span className="unseen">{t('history.removed', { count: session.removed })}</span>
            </span>
          </span>
        </span>
      </button>
      <RowMenu label={t('history.sessionMenu', { time: start })}>
        <Menu.Item
          leftSection={<IconFileDiff size={16} />}
          onClick={() => {
            settle(to.seq, 'session');
            props.chosen();
          }}
        >
          {t('history.showChanges')}
        </Menu.Item>
        {canWrite && (
          <>
            <Menu.Item
              leftSection={<IconRestore size={16} />}
              onClick={() => void actions.restore({ to: Math.max(0, from.seq - 1) })}
            >
              {t('history.restoreBefore')}
            </Menu.Item>
            {authors.slice(0, MENU_AUTHORS_MAX).map((key) => (
              <Menu.Item
                key={key}
                leftSection={<IconUserX size={16} />}
                onClick={() =>
                  void actions.restore({ from: Math.max(0, from.seq - 1), to: to.seq, author: key })
                }
              >
                {t('history.takeBack', { name: nameOf(key) })}
              </Menu.Item>
            ))}
          </>
        )}
      </RowMenu>
    </div>
  );
}

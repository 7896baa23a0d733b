import '../../locales/history';
import './whoWrote.css';
import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Blame, EARLIER, type Run, readBlame } from '../../api/history';
import type { Written } from '../../editor/written';
import { getPerson, inkOn, readGuests, type Session } from '../../sync';
import { initials } from '../../ui/initials';
import { whatFailed } from './actions';
import { exactTime, moment } from './when';
import { nameless, Who } from './who';

/** An address has its limits; a longer selection is answered for as far as they reach. */
export const STRETCHES_MAX = 200;
const RUNS_SHOWN_MAX = 50;

/** Neighbouring runs of one person within a minute are one piece of writing, whatever keys it took. */
export function pieces(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last !== undefined && last.by === run.by && Math.abs(run.at - last.at) < 60_000) {
      joined[joined.length - 1] = {
        ...last,
        text: last.text + run.text,
        at: Math.max(last.at, run.at),
        seq: Math.max(last.seq, run.seq),
      };
    } else joined.push(run);
  }
  return joined;
}

const idOf = ({ client, clock, len }: Written): string => `${client}:${clock}+${len}`;

/** Who wrote a piece of text, piece by piece. Stands where the formats stood. */
export default function WhoWrote(props: {
  session: Session;
  written: Written[];
  close: () => void;
  show: (seq: number) => void;
}) {
  const { t } = useTranslation();
  const { session, close } = props;
  // What was asked about stays what is answered, also when the selection moves on.
  const [written] = useState(props.written);
  const ids = useMemo(() => written.slice(0, STRETCHES_MAX).map(idOf), [written]);
  const blame = useQuery({
    queryKey: ['blame', session.name, ids],
    queryFn: ({ signal }) => readBlame(session.name, ids, signal),
    enabled: ids.length > 0,
  });
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.focus({ preventScroll: true });
  }, []);

  let content: ReactNode;
  if (ids.length === 0) content = <p>{t('history.nothingWritten')}</p>;
  else if (blame.isError) {
    content = (
      <div role="alert">
        <p>{whatFailed(blame.error, t)}</p>
        <Button size="xs" variant="default" onClick={() => void blame.refetch()}>
          {t('history.retry')}
        </Button>
      </div>
    );
  } else if (blame.data === undefined) {
    content = (
      <div role="status" aria-label={t('history.loading')}>
        <Skeleton height={14} width={180} my={6} />
        <Skeleton height={14} width={120} my={6} />
      </div>
    );
  } else content = <Runs blame={blame.data} session={session} show={props.show} />;

  return (
    // biome-ignore lint/a11y/useSemanticElements: an answer, not a form
    <div
      ref={box}
      className="who-wrote"
      role="group"
      aria-label={t('history.whoWrote')}
      tabIndex={-1}
      data-testid="who-wrote"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        close();
      }}
      onBlur={(event) => {
        if (event.relatedTarget !== null && !event.currentTarget.contains(event.relatedTarget)) close();
      }}
    >
      {content}
      {written.length > STRETCHES_MAX && <p className="who-note">{t('history.longSelection')}</p>}
    </div>
  );
}

function Runs({ blame, session, show }: { blame: Blame; session: Session; show: (seq: number) => void }) {
  const { t, i18n } = useTranslation();
  const who = useMemo(() => {
    const made = new Who();
    for (const { name, color } of readGuests(session.awareness)) if (name !== null) made.wears(name, color);
    const own = getPerson();
    made.wears(own.name, own.color);
    made.learn(blame.authors);
    return made;
  }, [blame, session]);
  const all = pieces(blame.runs);
  if (all.length === 0) return <p>{t('history.notStoredYet')}</p>;
  return (
    <ul>
      {all.slice(0, RUNS_SHOWN_MAX).map((run) => {
        const name = who.nameOf(run.by) ?? t(nameless(run.by));
        const time = moment(run.at, Date.now(), i18n.language, t);
        const color = who.colorOf(run.by);
        return (
          <li key={`${run.id}+${run.seq}`}>
            <span
              className="who-face"
              style={{ background: color, color: inkOn(color) }}
              data-initials={initials(name)}
              aria-hidden
            />
            <span className="who-run">
              <span className="who-text" dir="auto">
                {run.text}
              </span>
              <span className="who-facts">
                <strong>{name}</strong>
                {' · '}
                <time dateTime={new Date(run.at).toISOString()} title={exactTime(run.at, i18n.language)}>
                  {run.by === EARLIER ? t('history.before', { time }) : time}
                </time>
                {' · '}
                <button type="button" className="who-show" onClick={() => show(run.seq)}>
                  {t('history.showInHistory')}
                </button>
              </span>
            </span>
          </li>
        );
      })}
      {all.length > RUNS_SHOWN_MAX && (
        <li className="who-note">{t('history.moreRuns', { count: all.length - RUNS_SHOWN_MAX })}</li>
      )}
    </ul>
  );
}

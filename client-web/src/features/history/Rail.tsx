import { ActionIcon, Button, Menu, RangeSlider, Slider, Tooltip } from '@mantine/core';
import { useElementSize, useMediaQuery } from '@mantine/hooks';
import {
  IconFlagFilled,
  IconGitCompare,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerSkipBack,
  IconPlayerSkipForward,
} from '@tabler/icons-react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Density } from '../../api/history';
import { usePast } from './context';
import { useNames } from './Faces';
import { Track } from './Track';
import { apart, guess, jump, placeOf, sessionAt, stops } from './track';
import { usePlaying } from './usePlaying';
import { useWhere } from './useWhere';
import { moment } from './when';

const SPEEDS = [0.5, 1, 2, 4] as const;

/** The way through time: a handle over a picture of when how much was written by whom. */
export function Rail({ density }: { density: Density | undefined }) {
  const { t, i18n } = useTranslation();
  const { first, head, sessions, versions, model, move, settle } = usePast();
  const nameOf = useNames();
  const { view, at, isGone, time, by } = useWhere(density);
  const against = view.place?.against ?? null;
  const { playing, speed, setSpeed, toggle, stop } = usePlaying(first, head);
  const rail = useRef<HTMLElement>(null);
  const { ref: track, width } = useElementSize<HTMLDivElement>();
  const isNarrow = useMediaQuery('(max-width: 30em)', undefined, { getInitialValueInEffect: false });

  // What is held is let go of anywhere on the screen.
  const held = useRef(false);
  useEffect(() => {
    const onUp = (): void => {
      if (!held.current) return;
      held.current = false;
      // The slider tells of its last place in the next frame.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          const place = model.getView().place;
          if (place !== null) settle(place.at);
        }),
      );
    };
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', onUp);
    return () => {
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onUp);
    };
  }, [model, settle]);

  const all = useMemo(
    () => stops(sessions, versions, { first: first.seq, head: head.seq }),
    [sessions, versions, first.seq, head.seq],
  );
  const isRange = typeof against === 'number';
  const clampTo = (seq: number): number => Math.min(Math.max(seq, first.seq), head.seq);

  /** Moves the handle that has the focus: the one looked at, or the one compared with. */
  const shift = (next: (from: number) => number, isOther: boolean): void => {
    stop();
    if (isOther && isRange) move(at, Math.min(clampTo(next(against)), at - 1));
    else move(clampTo(next(at)));
  };
  const step = (by: number, bySession: boolean, isOther = false): void =>
    shift((from) => (bySession ? jump(all, from, by > 0 ? 1 : -1) : from + by), isOther);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const thumb = event.target instanceof Element ? event.target.closest('[role="slider"]') : null;
    if (thumb === null) return;
    const isOther = thumb.getAttribute('data-other') === 'true';
    const run: Record<string, () => void> = {
      ArrowLeft: () => step(-1, event.shiftKey, isOther),
      ArrowDown: () => step(-1, event.shiftKey, isOther),
      ArrowRight: () => step(1, event.shiftKey, isOther),
      ArrowUp: () => step(1, event.shiftKey, isOther),
      PageUp: () => step(1, true, isOther),
      PageDown: () => step(-1, true, isOther),
      Home: () => shift(() => first.seq, isOther),
      End: () => shift(() => head.seq, isOther),
      ' ': toggle,
    };
    const act = run[event.key];
    if (act === undefined) return;
    // Before the slider, which knows nothing of changes and sessions.
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  // The handle is what keys are for; who came by mouse does not see the difference.
  useEffect(() => {
    const handles = rail.current?.querySelectorAll<HTMLElement>('[role="slider"]') ?? [];
    [...handles].at(-1)?.focus({ preventScroll: true });
  }, []);

  const textAt = useCallback(
    (seq: number): string => {
      if (seq === at && isGone) return t('history.goneWords');
      const about = seq === at ? { time, by } : guess(density, seq);
      if (about === null) return String(seq);
      const said = moment(about.time, Date.now(), i18n.language, t);
      if (about.by === null) return said;
      return t('history.valueText', { time: said, name: nameOf(about.by) });
    },
    [at, isGone, time, by, density, i18n.language, t, nameOf],
  );

  const shared = {
    min: first.seq,
    max: Math.max(head.seq, first.seq + 1),
    step: 1,
    disabled: head.seq <= first.seq,
    label: textAt,
    thumbValueText: textAt,
    size: 20,
    classNames: {
      root: 'rail-slider',
      trackContainer: 'rail-slider-container',
      track: 'rail-slider-track',
      bar: 'rail-slider-bar',
      thumb: 'rail-thumb',
      label: 'rail-label',
    },
  };
  const other = isRange ? Math.min(against, at - 1) : at;
  const moved = apart(placeOf(other, first.seq, head.seq), placeOf(at, first.seq, head.seq), width);
  // Those from before the first change that is kept have no place on the track; the list has them.
  const named = versions.filter(({ kind, seq }) => kind === 'named' && seq >= first.seq);

  return (
    <section ref={rail} className="rail" aria-label={t('history.rail')} onKeyDownCapture={onKeyDown}>
      <div className="rail-controls">
        <Tooltip label={`${t('history.stepBack')} · ←`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('history.stepBack')}
            disabled={at <= first.seq}
            onClick={(event) => step(-1, event.shiftKey)}
          >
            <IconPlayerSkipBack size={18} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t(playing ? 'history.pause' : 'history.play')}>
          <ActionIcon
            variant="light"
            size="lg"
            aria-label={t(playing ? 'history.pause' : 'history.play')}
            disabled={head.seq <= first.seq}
            onClick={toggle}
          >
            {playing ? <IconPlayerPauseFilled size={18} /> : <IconPlayerPlayFilled size={18} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label={`${t('history.stepForward')} · →`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('history.stepForward')}
            disabled={at >= head.seq}
            onClick={(event) => step(1, event.shiftKey)}
          >
            <IconPlayerSkipForward size={18} />
          </ActionIcon>
        </Tooltip>
        <Menu position="top" withinPortal withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <Button
              variant="subtle"
              color="gray"
              size="compact-md"
              aria-label={t('history.speed', { speed })}
            >
              {speed}×
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {SPEEDS.map((one) => (
              <Menu.Item key={one} aria-current={one === speed} onClick={() => setSpeed(one)}>
                {one}×
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <div className="rail-modes">
          <Button
            size={isNarrow ? 'compact-xs' : 'compact-sm'}
            variant={against === 'session' ? 'light' : 'default'}
            aria-pressed={against === 'session'}
            onClick={() => settle(at, against === 'session' ? null : 'session')}
          >
            {t(isNarrow ? 'history.changesShort' : 'history.showChanges')}
          </Button>
          <Button
            size={isNarrow ? 'compact-xs' : 'compact-sm'}
            variant={isRange ? 'light' : 'default'}
            aria-pressed={isRange}
            disabled={head.seq <= first.seq}
            leftSection={isNarrow ? null : <IconGitCompare size={15} aria-hidden />}
            onClick={() =>
              settle(at, isRange ? null : startOf(sessionAt(sessions, at)?.from.seq, first.seq, at))
            }
          >
            {t('history.compare')}
          </Button>
        </div>
      </div>
      <div className="rail-track" ref={track}>
        <div className="rail-flags" aria-hidden>
          {named.map((version) => {
            const place = placeOf(version.seq, first.seq, head.seq);
            return (
              <button
                key={version.id}
                type="button"
                tabIndex={-1}
                className="rail-flag"
                data-late={place > 0.5}
                title={version.name ?? ''}
                style={{ insetInlineStart: `${place * 100}%` }}
                onClick={() => settle(version.seq)}
              >
                <IconFlagFilled size={12} />
              </button>
            );
          })}
        </div>
        <Track density={density} />
        <div
          onPointerDownCapture={() => {
            held.current = true;
            stop();
          }}
        >
          {isRange ? (
            <RangeSlider
              {...shared}
              minRange={1}
              value={[other, at]}
              thumbFromLabel={t('history.compareHandle')}
              thumbToLabel={t('history.handle')}
              thumbProps={(index) =>
                ({ 'data-other': index === 0, style: { '--apart': `${moved[index]}px` } }) as object
              }
              onChange={([from, to]) => move(to, from)}
            />
          ) : (
            <Slider
              {...shared}
              value={at}
              thumbLabel={t('history.handle')}
              onChange={(value) => {
                if (value !== model.getView().place?.at) move(value);
              }}
            />
          )}
        </div>
      </div>
    </section>
  );
}

/** Compared with where the session began, unless that is where we are. */
function startOf(session: number | undefined, first: number, at: number): number {
  return Math.max(Math.min((session ?? first) - 1, at - 1), Math.min(first, at - 1));
}

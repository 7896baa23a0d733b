import { useCallback, useEffect, useState } from 'react';
import type { Stamp } from '../../api/history';
import { usePast } from './context';
import type { Against, Place } from './model';
import { playRate } from './track';

/** What is compared with lies before what is looked at. */
const placeAt = (against: Against, at: number): Place => ({
  at,
  against: typeof against === 'number' ? Math.min(against, at - 1) : against,
});

/** Lets time run: the place moves on by itself, and the page follows as fast as it can be had. */
export function usePlaying(first: Stamp, head: Stamp) {
  const { model, settle } = usePast();
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const rate = playRate(first, head) * speed;
  const end = head.seq;

  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    let before = performance.now();
    let exact = model.getView().place?.at ?? first.seq;
    const run = (now: number): void => {
      // A frame may be stamped a little before it was asked for.
      exact = Math.min(exact + (Math.max(now - before, 0) / 1000) * rate, end);
      before = now;
      const at = Math.floor(exact);
      const { place } = model.getView();
      if (place !== null && at !== place.at) model.go(placeAt(place.against, at), 'play');
      if (at < end) frame = requestAnimationFrame(run);
      else {
        setPlaying(false);
        settle(end);
      }
    };
    frame = requestAnimationFrame(run);
    return () => cancelAnimationFrame(frame);
  }, [playing, rate, end, first.seq, model, settle]);

  const stop = useCallback(() => setPlaying(false), []);
  const toggle = useCallback(() => {
    const place = model.getView().place;
    if (place === null) return;
    if (playing) settle(place.at);
    // From the end there is nothing to play: it starts over.
    else if (place.at >= end) model.go(placeAt(place.against, first.seq), 'play');
    setPlaying(!playing);
  }, [playing, model, settle, first.seq, end]);
  return { playing, speed, setSpeed, toggle, stop };
}

import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef } from 'react';
import type { Density } from '../../api/history';
import { usePast } from './context';
import { bars, placeOf } from './track';

/** Below the bars, for the ticks where sessions end. */
const TICKS_PX = 7;
/** Bars stand a hair apart where there is room for it. */
const GAP_PX = 1;

/** The density graph behind the handle. A picture: what it shows can be had from the list and from the handle too. */
export function Track({ density }: { density: Density | undefined }) {
  const { first, head, sessions, who, known } = usePast();
  const scheme = useComputedColorScheme('light');
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useMemo(
    () => (density === undefined ? [] : bars(density, first.seq, head.seq)),
    [density, first.seq, head.seq],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: people's colours and the scheme's are read from elsewhere
  useEffect(() => {
    const paper = canvas.current;
    const context = paper?.getContext('2d');
    if (!paper || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    paper.width = Math.round(width * ratio);
    paper.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(paper);
    const tall = height - TICKS_PX;
    for (const bar of drawn) {
      const wide = bar.width * width;
      context.fillStyle = who.colorOf(bar.by);
      context.fillRect(
        bar.x * width,
        tall * (1 - bar.y - bar.height),
        Math.max(wide > 4 ? wide - GAP_PX : wide, 1),
        Math.max(tall * bar.height, 1),
      );
    }
    context.fillStyle = style.getPropertyValue('--weft-line-strong') || 'gray';
    context.fillRect(0, tall, width, 1);
    for (const { to } of sessions) {
      context.fillRect(Math.min(placeOf(to.seq, first.seq, head.seq) * width, width - 1), tall, 1, TICKS_PX);
    }
  }, [drawn, width, height, sessions, first.seq, head.seq, who, known, scheme]);
  return (
    <div ref={ref} className="rail-graph" aria-hidden>
      <canvas ref={canvas} />
    </div>
  );
}

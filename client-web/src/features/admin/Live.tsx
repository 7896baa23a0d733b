import 'uplot/dist/uPlot.min.css';
import { useMantineColorScheme } from '@mantine/core';
import i18next from 'i18next';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import { listenToFigures } from '../../api/live';
import { emptySeries, type Series, show, withFigures } from './figures';

const CHART_PX = 110;

const nameOf = (name: string): string =>
  i18next.exists(`admin.live.figure.${name}`)
    ? i18next.t(`admin.live.figure.${name}`)
    : name
        .replace(/([a-z])([A-Z])/g, '$1 $2')
        .replace(/[._]/g, ' ')
        .toLowerCase();

export default function Live() {
  const { t } = useTranslation();
  const [series, setSeries] = useState<Series>(emptySeries);
  const [isDown, setDown] = useState(false);
  useEffect(
    () =>
      listenToFigures(
        (figures) => {
          setDown(false);
          setSeries((before) => withFigures(before, figures, Date.now() / 1_000));
        },
        () => setDown(true),
      ),
    [],
  );
  const names = Object.keys(series.values);
  return (
    <>
      <p className="live-state" role="status">
        {isDown ? t('admin.live.down') : names.length === 0 && t('admin.live.waiting')}
      </p>
      <div className="charts">
        {names.map((name) => (
          <Chart key={name} name={name} times={series.times} values={series.values[name] ?? []} />
        ))}
      </div>
    </>
  );
}

function Chart({ name, times, values }: { name: string; times: number[]; values: (number | null)[] }) {
  const { i18n } = useTranslation();
  const { colorScheme } = useMantineColorScheme();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const language = i18n.language;
  const newest = values.findLast((value) => value !== null) ?? null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme decides the colours that are read here
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const style = getComputedStyle(document.documentElement);
    const color = (token: string): string => style.getPropertyValue(`--weft-${token}`).trim();
    const axis = {
      stroke: color('text-faint'),
      grid: { stroke: color('line'), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: CHART_PX,
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.15)] } },
        axes: [
          { ...axis, size: 22 },
          {
            ...axis,
            size: 62,
            values: (_plot, splits) => splits.map((value) => show(name, value, language)),
          },
        ],
        series: [
          {},
          { stroke: color('accent'), width: 1.5, fill: color('accent-soft'), points: { show: false } },
        ],
      },
      [[], []],
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: CHART_PX }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [name, language, colorScheme]);

  useEffect(() => {
    plot.current?.setData([times, values]);
  }, [times, values]);

  return (
    <figure className="chart">
      <figcaption>
        {nameOf(name)}
        <strong className="numbers">{newest === null ? '' : show(name, newest, language)}</strong>
      </figcaption>
      <div ref={place} aria-hidden />
    </figure>
  );
}

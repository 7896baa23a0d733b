import { useTranslation } from 'react-i18next';
import { clampWidth, storeWidth, WIDTH_PX_MAX, WIDTH_PX_MIN } from './width';

const STEP_PX = 16;

/** The sidebar's edge: dragged, or moved with the arrow keys. */
export function Splitter({ width, setWidth }: { width: number; setWidth: (width: number) => void }) {
  const { t } = useTranslation();
  const set = (wanted: number): void => {
    const next = clampWidth(wanted);
    setWidth(next);
    storeWidth(next);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      className="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={t('app.resize')}
      aria-valuenow={width}
      aria-valuemin={WIDTH_PX_MIN}
      aria-valuemax={WIDTH_PX_MAX}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        set(width + by);
      }}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) set(event.clientX);
      }}
    />
  );
}

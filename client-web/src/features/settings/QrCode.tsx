import { squaresOf } from './squares';

/** A text as a picture that telephones read; always dark on light, as they expect it. */
export default function QrCode({ text, label }: { text: string; label: string }) {
  const rows = squaresOf(text);
  const path = rows
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return (
    <svg
      className="qr-code"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${rows.length} ${rows.length}`}
      shapeRendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}

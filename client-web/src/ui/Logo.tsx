/** Three threads across, three along: one over, one under. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#414f9f" />
      <g fill="none" strokeWidth="3.4" strokeLinecap="round">
        <path stroke="#bfc7ea" d="M10 6.5v6M10 19.5v6M16 6.5v.2M16 12.6v6.8M16 25.3v.2M22 6.5v6M22 19.5v6" />
        <path stroke="#fff" d="M6.5 10h.2M13 10h12.5M6.5 16h6M19 16h6.5M6.5 22h.2M13 22h12.5" />
      </g>
    </svg>
  );
}

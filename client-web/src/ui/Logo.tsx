/** Three threads across, three along: one over, one under. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#414f9f" />
      <g fill="none" strokeLinecap="round">
        <path stroke="#fff" strokeWidth="3.2" d="M6 9.5h20M6 16h20M6 22.5h20" />
        <path
          stroke="#414f9f"
          strokeWidth="5.6"
          strokeLinecap="butt"
          d="M9.5 6.6v5.8M16 13.1v5.8M22.5 6.6v5.8M9.5 19.6v5.8M22.5 19.6v5.8"
        />
        <path
          stroke="#aeb8e4"
          strokeWidth="3.2"
          d="M9.5 6v6.2M9.5 19.8v6.2M22.5 6v6.2M22.5 19.8v6.2M16 12.8v6.4M16 6v.3M16 25.7v.3M9.5 16v0M22.5 16v0"
        />
      </g>
    </svg>
  );
}

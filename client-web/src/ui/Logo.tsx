/** Plain weave, three threads each way: what is seen of them where they cross. The same as `public/favicon.svg`. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#414f9f" />
      <g fill="none" strokeWidth="3.3" strokeLinecap="round">
        <path stroke="#aeb8e4" d="M9.2 7.3v3.8M22.8 7.3v3.8M16 14.1v3.8M9.2 20.9v3.8M22.8 20.9v3.8" />
        <path stroke="#fff" d="M14.1 9.2h3.8M7.3 16h3.8M20.9 16h3.8M14.1 22.8h3.8" />
      </g>
    </svg>
  );
}

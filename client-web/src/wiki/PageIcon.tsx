import { IconFileText, IconFolder } from '@tabler/icons-react';

/** What stands before a page's title: its own sign, or a sheet of paper. */
export function PageIcon({ icon, size = 17 }: { icon: string | null; size?: number }) {
  if (icon === null) return <IconFileText className="page-icon" size={size} aria-hidden />;
  return (
    <span className="page-icon" style={{ fontSize: size - 1 }} aria-hidden>
      {icon}
    </span>
  );
}

export function SpaceIcon({ icon, size = 17 }: { icon: string | null; size?: number }) {
  if (icon === null) return <IconFolder className="page-icon" size={size} aria-hidden />;
  return (
    <span className="page-icon" style={{ fontSize: size - 1 }} aria-hidden>
      {icon}
    </span>
  );
}

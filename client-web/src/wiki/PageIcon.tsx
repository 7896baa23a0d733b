import { IconFileText, IconFolder, IconTemplate } from '@tabler/icons-react';

/** What stands before a page's title: its own sign, or a sheet of paper, or that it is a template. */
export function PageIcon(props: { icon: string | null; size?: number; isTemplate?: boolean }) {
  const { icon, size = 17, isTemplate = false } = props;
  const Sheet = isTemplate ? IconTemplate : IconFileText;
  return icon === null ? (
    <Sheet className="page-icon" size={size} aria-hidden />
  ) : (
    <Sign icon={icon} size={size} />
  );
}

export function SpaceIcon({ icon, size = 17 }: { icon: string | null; size?: number }) {
  if (icon === null) return <IconFolder className="page-icon" size={size} aria-hidden />;
  return <Sign icon={icon} size={size} />;
}

function Sign({ icon, size }: { icon: string; size: number }) {
  return (
    <span className="page-icon" style={{ fontSize: size - 1 }} aria-hidden>
      {icon}
    </span>
  );
}

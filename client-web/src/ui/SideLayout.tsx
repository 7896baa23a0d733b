import './side.css';
import { IconArrowLeft } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

export interface SideItem {
  section: string;
  label: string;
  icon: ReactNode;
}

/** Views that have a sidebar of their own: settings and administration. */
export function SideLayout(props: {
  title: string;
  to: '/settings/$section' | '/admin/$section';
  items: readonly SideItem[];
  heading: string;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${props.heading} · ${props.title}`;
  }, [props.heading, props.title]);
  const items = useRef<HTMLDivElement>(null);
  // On a phone they stand in one line, which may be longer than the screen is wide.
  // biome-ignore lint/correctness/useExhaustiveDependencies: which one is chosen, and where it stands, follow from these
  useEffect(() => {
    items.current?.querySelector('.active')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [props.heading, props.items.length]);
  return (
    <div className="side-layout">
      <nav className="side-nav" aria-label={props.title}>
        <Link to="/" className="nav-item">
          <IconArrowLeft size={17} aria-hidden />
          <span>{t('app.back')}</span>
        </Link>
        <h2>{props.title}</h2>
        <div className="side-items" ref={items}>
          {props.items.map(({ section, label, icon }) => (
            <Link key={section} to={props.to} params={{ section }} className="nav-item">
              {icon}
              <span>{label}</span>
            </Link>
          ))}
        </div>
      </nav>
      <main className="side-main" id="content" tabIndex={-1}>
        <h1>{props.heading}</h1>
        {props.children}
      </main>
    </div>
  );
}

import type { ReactNode } from 'react';

/** What there is to say when there is nothing to show: what happened, and what to do next. */
export function Notice(props: {
  title: string;
  text: string;
  tone?: 'plain' | 'bad';
  level?: 1 | 2;
  picture?: ReactNode;
  children?: ReactNode;
}) {
  const Heading = props.level === 1 ? 'h1' : 'h2';
  return (
    <section className="notice" data-tone={props.tone ?? 'plain'}>
      {props.picture}
      <Heading>{props.title}</Heading>
      <p>{props.text}</p>
      {props.children !== undefined && <div className="notice-actions">{props.children}</div>}
    </section>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode, Ref } from 'react';
import type { Row } from '../api/pages';
import { pagePart } from './address';
import { spacesQuery } from './queries';

/** A link to a page by its readable address; to one in a space that one cannot see, by its id. */
export function PageLink({
  row,
  ref,
  children,
  ...props
}: {
  row: Pick<Row, 'id' | 'space' | 'title'>;
  ref?: Ref<HTMLAnchorElement>;
  children?: ReactNode;
} & Omit<React.AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>) {
  const { data: slug } = useQuery({
    ...spacesQuery,
    select: (spaces) => spaces.find((space) => space.id === row.space)?.slug,
  });
  if (slug === undefined) {
    return (
      <Link ref={ref} to="/page/$pageId" params={{ pageId: row.id }} {...props}>
        {children}
      </Link>
    );
  }
  return (
    <Link ref={ref} to="/$space/$page" params={{ space: slug, page: pagePart(row.id, row.title) }} {...props}>
      {children}
    </Link>
  );
}

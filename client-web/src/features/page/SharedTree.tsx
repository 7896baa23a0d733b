import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '../../api/pages';
import { pagePart } from '../../wiki/address';
import { PageIcon } from '../../wiki/PageIcon';
import { growTree, type Tree } from '../../wiki/tree';

/** The pages that a link opens, one below the other. */
export function SharedTree(props: { secret: string; root: string; pages: readonly Row[]; here: string }) {
  const { t } = useTranslation();
  const tree = growTree(props.pages);
  const top = props.pages.find((row) => row.id === props.root);
  const [isNarrow] = useState(() => window.matchMedia('(max-width: 48em)').matches);
  const branch = top !== undefined && (
    <Branch rows={[top]} tree={tree} secret={props.secret} here={props.here} />
  );
  return (
    <nav className="shared-tree" aria-label={t('shared.pages')}>
      {isNarrow ? (
        // Folded again on the page that was chosen.
        <details key={props.here}>
          <summary>{t('shared.pages')}</summary>
          {branch}
        </details>
      ) : (
        branch
      )}
    </nav>
  );
}

function Branch(props: { rows: readonly Row[]; tree: Tree; secret: string; here: string }) {
  const { t } = useTranslation();
  const { tree, secret, here } = props;
  return (
    <ul>
      {props.rows.map((row) => {
        const below = tree.get(row.id) ?? [];
        return (
          <li key={row.id}>
            <Link
              to="/s/$secret/$page"
              params={{ secret, page: pagePart(row.id, row.title) }}
              className="nav-item"
              aria-current={row.id === here ? 'page' : undefined}
            >
              <PageIcon icon={row.icon} />
              <span dir="auto">{row.title || t('app.untitled')}</span>
            </Link>
            {below.length > 0 && <Branch rows={below} tree={tree} secret={secret} here={here} />}
          </li>
        );
      })}
    </ul>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Page, visitPage } from '../../api/pages';
import { documentOf } from '../../sync';
import { isMade } from '../../sync/fresh';
import { rememberSpace } from '../../wiki/actions';
import { homeQuery } from '../../wiki/queries';

/** Puts the page among those one has looked at. Nobody is told when that fails: it is only a convenience. */
export function useVisit(page: Page | undefined): void {
  const client = useQueryClient();
  const id = page?.id;
  const space = page?.space;
  useEffect(() => {
    if (id === undefined) return;
    let isHere = true;
    void isMade(documentOf(id))
      .then((made) => (made && isHere ? visitPage(id) : undefined))
      .then(() => client.invalidateQueries({ queryKey: homeQuery.queryKey }))
      .catch(() => undefined);
    return () => {
      isHere = false;
    };
  }, [id, client]);
  useEffect(() => {
    if (space !== undefined) rememberSpace(space);
  }, [space]);
}

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  changePage,
  deletePage,
  duplicatePage,
  makePage,
  movePage,
  type Page,
  type PageChange,
  type Place,
  type Row,
  restorePage,
  setFavourite,
  setWatching,
  trashPage,
} from '../api/pages';
import { type Level, type Space, takesPages } from '../api/spaces';
import { toast } from '../ui/toasts';
import { pageLink, pagePart } from './address';
import { dropRows, findRow, putAnswer, putRows, rowsOf } from './cache';
import { explain } from './explain';
import { beginPage } from './making';
import { homeQuery, meQuery, pageQuery, pagesQuery, spacesQuery } from './queries';
import { moved, placeOf, withBelow } from './tree';

const LAST_SPACE = 'weft.lastSpace';

export function rememberSpace(id: string): void {
  try {
    localStorage.setItem(LAST_SPACE, id);
  } catch {
    // Blocked storage: a new page then goes into the first space.
  }
}

function lastSpace(): string | null {
  try {
    return localStorage.getItem(LAST_SPACE);
  } catch {
    return null;
  }
}

/** Where a page that says nothing else is made: here, or where one was last, or the first place one may write in. */
function spaceForNew(spaces: readonly Space[], slug: string | undefined): Space | undefined {
  const open = spaces.filter(takesPages);
  return (
    open.find((space) => space.slug === slug) ?? open.find((space) => space.id === lastSpace()) ?? open[0]
  );
}

/** What may be done with pages, from wherever they are shown: at once here, taken back when the server refuses. */
export function useActions() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { t } = useTranslation();
  const { space: slugHere } = useParams({ strict: false }) as { space?: string };

  return useMemo(() => {
    const spaces = (): Space[] => client.getQueryData(spacesQuery.queryKey) ?? [];
    const fail = (error: unknown): void => toast(explain(error, t), { tone: 'bad' });
    const undo = (run: () => void) => ({ label: t('do.undo'), run });
    const named = (row: Row): string => (row.title === '' ? t('app.untitled') : row.title);
    const slugOfSpace = (id: string): string | null =>
      spaces().find((space) => space.id === id)?.slug ?? null;

    const open = (row: Pick<Row, 'id' | 'space' | 'title'>): Promise<void> => {
      const slug = slugOfSpace(row.space);
      if (slug === null) return navigate({ to: '/page/$pageId', params: { pageId: row.id } });
      return navigate({ to: '/$space/$page', params: { space: slug, page: pagePart(row.id, row.title) } });
    };

    const newPage = (where: { space?: string; parent?: string | null } = {}): void => {
      const known = client.getQueryData(spacesQuery.queryKey);
      if (known !== undefined) begin(known, where);
      // The key was pressed before the list of spaces was here.
      else client.ensureQueryData(spacesQuery).then((told) => begin(told, where), fail);
    };

    const begin = (known: readonly Space[], where: { space?: string; parent?: string | null }): void => {
      const space =
        where.space === undefined
          ? spaceForNew(known, slugHere)
          : known.find((one) => one.id === where.space);
      const me = client.getQueryData(meQuery.queryKey);
      if (space === undefined || me === undefined) {
        toast(t('do.nowhere'), { tone: 'bad' });
        return;
      }
      const id = beginPage(client, { space, parent: where.parent ?? null, me: me.id }, (error) =>
        toast(t('do.notMade', { why: explain(error, t) }), { tone: 'bad' }),
      );
      void navigate({ to: '/$space/$page', params: { space: space.slug, page: id } });
    };

    /** Shows the move before it is stored. The pages of the space it goes to may not have been fetched. */
    const move = async (row: Row, place: Place, canUndo = true): Promise<void> => {
      const from = rowsOf(client, row.space);
      const back = placeOf(from, row);
      const changed = moved(from, rowsOf(client, place.space), row.id, place);
      const before = withBelow(from, row.id);
      putRows(client, changed);
      try {
        const page = putAnswer(client, await movePage(row.id, place));
        const spaceName = spaces().find((space) => space.id === place.space)?.name ?? '';
        const isElsewhere = place.space !== row.space;
        if (isElsewhere) void client.invalidateQueries({ queryKey: pagesQuery(place.space).queryKey });
        const text = isElsewhere
          ? t('do.movedTo', { title: named(row), place: spaceName })
          : t('do.moved', { title: named(row) });
        const now = findRow(client, row.id) ?? page;
        toast(text, canUndo ? { action: undo(() => void move(now, back, false)) } : {});
      } catch (error) {
        putRows(client, before);
        fail(error);
      }
    };

    const restore = async (id: string): Promise<void> => {
      try {
        const page = putAnswer(client, await restorePage(id));
        // What was below it came back too.
        await Promise.all([
          client.invalidateQueries({ queryKey: pagesQuery(page.space).queryKey }),
          client.invalidateQueries({ queryKey: ['trash', page.space] }),
          client.invalidateQueries({ queryKey: homeQuery.queryKey }),
        ]);
        toast(t('do.restored', { title: named(page) }));
      } catch (error) {
        fail(error);
      }
    };

    const trash = async (row: Row): Promise<void> => {
      const gone = dropRows(client, row.id);
      try {
        await trashPage(row.id);
        void client.invalidateQueries({ queryKey: ['trash', row.space] });
        void client.invalidateQueries({ queryKey: pageQuery(row.id).queryKey });
        toast(t('do.trashed', { count: Math.max(1, gone.length), title: named(row) }), {
          action: undo(() => void restore(row.id)),
        });
      } catch (error) {
        putRows(client, gone);
        void client.invalidateQueries({ queryKey: homeQuery.queryKey });
        fail(error);
      }
    };

    const removeForever = async (row: Row): Promise<void> => {
      try {
        await deletePage(row.id);
        await client.invalidateQueries({ queryKey: ['trash', row.space] });
        toast(t('do.deleted', { title: named(row) }));
      } catch (error) {
        fail(error);
      }
    };

    const favour = async (row: Row, favourite: boolean): Promise<void> => {
      const key = pageQuery(row.id).queryKey;
      const show = (on: boolean): void => {
        client.setQueryData(key, (page) => page && { ...page, favourite: on });
        client.setQueryData(homeQuery.queryKey, (home) => {
          if (home === undefined) return undefined;
          const others = home.favourites.filter((one) => one.id !== row.id);
          return { ...home, favourites: on ? [...others, row] : others };
        });
      };
      show(favourite);
      try {
        await setFavourite(row.id, favourite);
      } catch (error) {
        show(!favourite);
        fail(error);
      }
    };

    const watch = async (page: Page, watching: boolean): Promise<void> => {
      const show = (on: boolean): void => {
        client.setQueryData(pageQuery(page.id).queryKey, (known) => known && { ...known, watching: on });
      };
      show(watching);
      try {
        await setWatching(page.id, watching);
        toast(t(watching ? 'do.watched' : 'do.unwatched', { title: named(page) }));
      } catch (error) {
        show(!watching);
        fail(error);
      }
    };

    const change = async (row: Row, wish: PageChange): Promise<boolean> => {
      putRows(client, [{ ...row, ...wish }]);
      try {
        putAnswer(client, await changePage(row.id, wish));
        return true;
      } catch (error) {
        putRows(client, [row]);
        fail(error);
        return false;
      }
    };

    /** A change that can be taken back where it is told. */
    const changeUndoably = async (
      row: Row,
      wish: PageChange,
      before: PageChange,
      told: string,
    ): Promise<void> => {
      if (!(await change(row, wish))) return;
      toast(told, { action: undo(() => void change({ ...row, ...wish }, before)) });
    };

    const archive = (row: Row, archived: boolean): Promise<void> => {
      const told = t(archived ? 'do.archived' : 'do.unarchived', { title: named(row) });
      return changeUndoably(row, { archived }, { archived: !archived }, told);
    };

    const setTemplate = (row: Row, template: boolean): Promise<void> => {
      const told = t(template ? 'do.isTemplate' : 'do.isNoTemplate', { title: named(row) });
      return changeUndoably(row, { template }, { template: !template }, told);
    };

    /** Makes a page like the template at the top of its space and opens it. Answers with whether that was done. */
    const fromTemplate = async (template: Row): Promise<boolean> => {
      try {
        const page = putAnswer(client, await makePage({ space: template.space, from: template.id }));
        void client.invalidateQueries({ queryKey: homeQuery.queryKey });
        await open(page);
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    };

    const duplicate = async (row: Row, subtree: boolean): Promise<void> => {
      try {
        const page = putAnswer(client, await duplicatePage(row.id, subtree));
        if (subtree) void client.invalidateQueries({ queryKey: pagesQuery(page.space).queryKey });
        toast(t('do.duplicated', { title: named(row) }));
        await open(page);
      } catch (error) {
        fail(error);
      }
    };

    const rename = async (row: Row, title: string): Promise<void> => {
      const wanted = title.replace(/\s+/g, ' ').trim();
      if (wanted === row.title) return;
      putRows(client, [{ ...row, title: wanted }]);
      const { retitlePage } = await import('../sync/retitle');
      if (await retitlePage(row.id, wanted)) return;
      putRows(client, [row]);
      toast(t('do.notRenamed', { title: named(row) }), { tone: 'bad' });
    };

    const copyLink = async (row: Pick<Row, 'id' | 'space' | 'title'>): Promise<void> => {
      await copy(pageLink(slugOfSpace(row.space), row.id, row.title));
    };

    const copy = async (text: string, said: string = t('do.copied')): Promise<boolean> => {
      try {
        await navigator.clipboard.writeText(text);
        toast(said);
        return true;
      } catch {
        toast(t('do.notCopied'), { tone: 'bad' });
        return false;
      }
    };

    return {
      open,
      newPage,
      move,
      trash,
      restore,
      removeForever,
      favour,
      watch,
      change,
      archive,
      setTemplate,
      fromTemplate,
      duplicate,
      rename,
      copyLink,
      copy,
      fail,
      named,
    };
  }, [client, navigate, t, slugHere]);
}

export type Actions = ReturnType<typeof useActions>;

/** What one may do with a page, as far as it is known without having opened it. */
export function levelOf(row: Row, spaces: readonly Space[], page?: Page): Level {
  return page?.level ?? spaces.find((space) => space.id === row.space)?.level ?? 'view';
}

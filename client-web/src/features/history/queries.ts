import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { readDensity, readTimeline, readVersions } from '../../api/history';
import type { Session } from '../../sync';
import { BUCKETS_MAX } from './track';

const TIMELINE_SESSIONS = 50;
/** While others write, the history grows; it is asked for again at most this often. */
const FOLLOW_EVERY_MS = 3_000;

export const useTimeline = (name: string) =>
  useInfiniteQuery({
    queryKey: ['history', name, 'timeline'],
    queryFn: ({ pageParam, signal }) =>
      readTimeline(
        name,
        { limit: TIMELINE_SESSIONS, ...(pageParam === null ? {} : { before: pageParam }) },
        signal,
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next,
  });

export const useDensity = (name: string) =>
  useQuery({
    queryKey: ['history', name, 'density'],
    queryFn: ({ signal }) => readDensity(name, BUCKETS_MAX, signal),
  });

export const useVersions = (name: string) =>
  useQuery({
    queryKey: ['history', name, 'versions'],
    queryFn: ({ signal }) => readVersions(name, signal),
  });

/** Asks for the history again when the page has changed, but not with every key. */
export function useFollowing(session: Session): void {
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onUpdate = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ['history', session.name] });
      }, FOLLOW_EVERY_MS);
    };
    session.doc.on('update', onUpdate);
    return () => {
      session.doc.off('update', onUpdate);
      clearTimeout(timer);
    };
  }, [session, queries]);
}

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { TFunction } from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/documents';
import {
  copyAsNew,
  nameVersion,
  type RestoreWish,
  renameVersion,
  restore,
  unnameVersion,
} from '../../api/history';
import { getPerson, pageOf } from '../../sync';
import { toast } from '../../ui/toasts';

export interface Actions {
  /** Brings something back, goes to the page and offers the way back. */
  restore: (wish: RestoreWish) => Promise<void>;
  name: (seq: number, name: string) => Promise<boolean>;
  rename: (id: string, name: string) => Promise<boolean>;
  unname: (id: string) => Promise<boolean>;
  copy: (at: number) => Promise<void>;
  link: () => Promise<void>;
}

/** Whether something is older than what the server keeps; asking again does not help. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.code === 'gone';

/** What went wrong and what to do about it, in one sentence. */
export function whatFailed(error: unknown, t: TFunction): string {
  if (!(error instanceof ApiError) || error.status === null) return t('history.failed.unreachable');
  if (error.code === 'gone') return t('history.failed.gone');
  if (error.status === 401 || error.status === 403) return t('history.failed.denied');
  if (error.code === 'homeless') return t('history.failed.homeless');
  if (error.status === 413) return t('history.failed.tooLarge');
  if (error.status === 404) return t('history.failed.missing');
  if (error.status === 429 || error.status === 503) return t('history.failed.busy');
  return t('history.failed.other', { status: error.status });
}

/** Where the page is served to people without TLS, browsers keep the clipboard to themselves; the old way still works. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    document.body.append(area);
    area.select();
    const isDone = document.execCommand('copy');
    area.remove();
    return isDone;
  }
}

export function useActions(name: string, leave: () => void): Actions {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMemo(() => {
    const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['history', name] });
    const tell = (error: unknown): void => toast(whatFailed(error, t), { tone: 'bad' });
    const undo = async (seq: number): Promise<void> => {
      try {
        await restore(name, { from: seq - 1, to: seq }, getPerson().name);
        toast(t('history.undone'));
        void refresh();
      } catch (error) {
        tell(error);
      }
    };
    const change = async (work: () => Promise<unknown>): Promise<boolean> => {
      try {
        await work();
        void refresh();
        return true;
      } catch (error) {
        tell(error);
        return false;
      }
    };
    return {
      restore: async (wish) => {
        try {
          const done = await restore(name, wish, getPerson().name);
          if (!done.changed) {
            toast(t('history.alreadySo'));
            return;
          }
          void refresh();
          leave();
          toast(t('history.restored'), {
            action: { label: t('history.undo'), run: () => void undo(done.seq) },
          });
        } catch (error) {
          tell(error);
        }
      },
      name: (seq, wanted) => change(() => nameVersion(name, { name: wanted, seq, by: getPerson().name })),
      rename: (id, wanted) => change(() => renameVersion(name, id, wanted)),
      unname: (id) => change(() => unnameVersion(name, id)),
      copy: async (at) => {
        try {
          const copied = await copyAsNew(name, at, getPerson().name);
          const pageId = pageOf(copied);
          if (pageId === null) await navigate({ to: '/room/$name', params: { name: copied } });
          else await navigate({ to: '/page/$pageId', params: { pageId }, search: {} });
          toast(t('history.copied'));
        } catch (error) {
          tell(error);
        }
      },
      link: async () => {
        const isDone = await copyText(window.location.href);
        toast(t(isDone ? 'history.linkCopied' : 'history.linkInAddress'));
      },
    };
  }, [name, leave, queries, navigate, t]);
}

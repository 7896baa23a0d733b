import type { TFunction } from 'i18next';
import type { Notice, NoticeKind } from '../../api/notices';

const SENTENCES = {
  spaceGranted: 'notices.spaceGranted',
  pageGranted: 'notices.pageGranted',
  pageEdited: 'notices.pageEdited',
  pageTrashed: 'notices.pageTrashed',
} as const satisfies Record<NoticeKind, string>;

const HIDDEN = {
  spaceGranted: 'notices.hiddenSpace',
  pageGranted: 'notices.hiddenPage',
  pageEdited: 'notices.hiddenPage',
  pageTrashed: 'notices.hiddenPage',
} as const satisfies Record<NoticeKind, string>;

/** What happened, in one sentence. What somebody may no longer see is not named. */
export function sentence({ kind, page, space, by }: Notice, t: TFunction): string {
  if (kind === null) return t('notices.unknown');
  const about = kind === 'spaceGranted' ? space : page;
  if (about === null) return t(HIDDEN[kind]);
  const who = by?.name || t('notices.somebody');
  return t(SENTENCES[kind], { who, what: about.name || t('app.untitled') });
}

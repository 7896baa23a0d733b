import type { TFunction } from 'i18next';
import type { Audience } from '../../api/pages';

/** One sentence that answers "who can see this page?". */
export function audienceSentence(audience: Audience, language: string, t: TFunction): string {
  const { kind, spaceName, people, groups, more, link } = audience;
  const names = [...groups.map((name) => t('share.group', { name })), ...people.map(({ name }) => name)];
  if (more > 0) names.push(t('share.more', { count: more }));
  const list = new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
  if (link || kind === 'link') return t('share.byLink');
  if (kind === 'members') {
    return names.length === 0
      ? t('share.bySpace', { space: spaceName })
      : t('share.bySpaceAnd', { space: spaceName, list });
  }
  if (names.length === 0) return t('share.byNobody', { space: spaceName });
  return t('share.byPeople', { list });
}

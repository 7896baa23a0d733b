import '../../locales/grant';
import { NativeSelect } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import {
  changeSpace,
  type Grant,
  grantSpace,
  type Level,
  type Space,
  ungrantSpace,
  type Who,
} from '../../api/spaces';
import { toast } from '../../ui/toasts';
import { putSpace } from '../../wiki/cache';
import { explain } from '../../wiki/explain';
import { GrantEditor } from '../../wiki/GrantEditor';
import { spaceQuery } from '../../wiki/queries';

/** Who may what in a space. Managers change it; everybody else reads it. */
export default function SpacePeople({ space }: { space: Space }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const detail = useQuery(spaceQuery(space.id));
  const manages = space.level === 'manage';
  const grants = detail.data?.grants ?? space.grants ?? [];
  const change = async (run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
      await client.invalidateQueries({ queryKey: ['space', space.id] });
    } catch (error) {
      toast(explain(error, t), { tone: 'bad' });
    }
  };
  const setMembers = (members: Level | null): Promise<void> =>
    change(async () => putSpace(client, await changeSpace(space.id, { members })));
  const sentence = space.members === null ? t('space.onlyThese') : t(`space.all.${space.members}`);
  return (
    <div className="space-part">
      {manages ? (
        <NativeSelect
          label={t('space.everybody')}
          description={t('space.everybodyHelp')}
          value={space.members ?? 'none'}
          data={['none', 'view', 'comment', 'edit'].map((value) => ({
            value,
            label: value === 'none' ? t('space.private') : t(`level.${value}`),
          }))}
          onChange={(event) => {
            const { value } = event.currentTarget;
            void setMembers(value === 'none' ? null : (value as Level));
          }}
        />
      ) : (
        <p>{sentence}</p>
      )}
      <h2>{t('space.beyond')}</h2>
      {grants.length === 0 && !manages && <p className="list-empty">{t('space.nobodyElse')}</p>}
      <GrantEditor
        grants={grants}
        own={space.level}
        disabled={!manages}
        onSet={(grant: Grant) => void change(() => grantSpace(space.id, grant))}
        onRemove={(who: Who) => void change(() => ungrantSpace(space.id, who))}
      />
    </div>
  );
}

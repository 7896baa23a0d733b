import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Space, takeOverSpace } from '../../api/spaces';
import { SpaceIcon } from '../../wiki/PageIcon';
import { allSpacesQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { Confirm } from './Confirm';
import { useChange } from './useChange';

const KEYS = [['all-spaces'], ['spaces']] as const;

export default function Spaces() {
  const { t } = useTranslation();
  const spaces = useQuery(allSpacesQuery);
  const { run } = useChange(KEYS);
  const [taking, setTaking] = useState<Space | null>(null);
  if (spaces.isPending) return <Loading label={t('admin.loading')} />;
  if (spaces.data === undefined) return <Trouble error={spaces.error} retry={() => void spaces.refetch()} />;
  return (
    <>
      <ul className="lines">
        {spaces.data.map((space) => (
          <li key={space.id}>
            <SpaceIcon icon={space.icon} size={20} />
            <div className="line-main">
              <span dir="auto">{space.name}</span>
              {space.members === null && <span className="tag">{t('admin.spaces.private')}</span>}
              {space.archived && (
                <span className="tag" data-tone="warn">
                  {t('admin.spaces.archived')}
                </span>
              )}
              <small dir="auto">{space.description || `/${space.slug}`}</small>
            </div>
            {space.isIn ? (
              <Button
                size="xs"
                variant="default"
                renderRoot={(props) => <Link to="/$space" params={{ space: space.slug }} {...props} />}
              >
                {t('do.open')}
              </Button>
            ) : (
              <Button size="xs" variant="default" color="red" onClick={() => setTaking(space)}>
                {t('admin.spaces.takeOver')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {taking !== null && (
        <Confirm
          title={t('admin.spaces.takeTitle', { name: taking.name })}
          text={t('admin.spaces.takeText')}
          label={t('admin.spaces.takeOver')}
          close={() => setTaking(null)}
          confirm={() =>
            void run(() => takeOverSpace(taking.id), t('admin.spaces.taken', { name: taking.name }))
          }
        />
      )}
    </>
  );
}

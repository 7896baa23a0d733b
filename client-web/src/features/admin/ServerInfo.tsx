import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { serverQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';

export default function ServerInfo() {
  const { t } = useTranslation();
  const server = useQuery(serverQuery);
  if (server.isPending) return <Loading label={t('admin.loading')} />;
  if (server.data === undefined) return <Trouble error={server.error} retry={() => void server.refetch()} />;
  const { name, version, mail, openRooms, signIn } = server.data;
  const ways = [
    signIn.password ? t('admin.server.password') : null,
    signIn.passkeys ? t('admin.server.passkeys') : null,
    signIn.totp ? t('admin.server.totp') : null,
    ...signIn.providers.map(({ label }) => label),
  ].filter((way) => way !== null);
  const facts: [label: string, value: string][] = [
    [t('admin.server.name'), name],
    [t('admin.server.version'), version],
    [t('admin.server.address'), window.location.origin],
    [t('admin.server.signIn'), ways.join(', ')],
    [t('admin.server.mail'), t(mail ? 'admin.server.mailOn' : 'admin.server.mailOff')],
    [t('admin.server.rooms'), t(openRooms ? 'admin.server.roomsOpen' : 'admin.server.roomsClosed')],
  ];
  return (
    <dl className="facts">
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

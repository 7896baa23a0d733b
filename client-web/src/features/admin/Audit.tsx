import { Button, NativeSelect } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import i18next from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AUDIT_CSV, ENTRY_KINDS, type Entry, readAudit } from '../../api/audit';
import { Loading, Trouble } from '../../wiki/Trouble';

const PAGE_ENTRIES = 50;

/** A kind that this client has no words for is shown as the server calls it. */
const kindName = (kind: string): string =>
  i18next.exists(`admin.kind.${kind}`) ? i18next.t(`admin.kind.${kind}`) : kind.replaceAll('-', ' ');

export default function Audit() {
  const { t } = useTranslation();
  const [kind, setKind] = useState('');
  const audit = useInfiniteQuery({
    queryKey: ['audit', kind],
    queryFn: ({ pageParam, signal }) =>
      readAudit(
        {
          limit: PAGE_ENTRIES,
          ...(pageParam === null ? {} : { before: pageParam }),
          ...(kind === '' ? {} : { kind }),
        },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const entries = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <div className="side-tools">
        <NativeSelect
          className="grow"
          label={t('admin.audit.kind')}
          value={kind}
          data={[
            { value: '', label: t('admin.audit.all') },
            ...ENTRY_KINDS.map((value) => ({ value, label: kindName(value) })),
          ]}
          onChange={(event) => setKind(event.currentTarget.value)}
        />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          component="a"
          href={AUDIT_CSV}
          download="audit.csv"
        >
          {t('admin.audit.csv')}
        </Button>
      </div>
      {audit.isPending && <Loading label={t('admin.loading')} />}
      {audit.isError && audit.data === undefined && (
        <Trouble error={audit.error} retry={() => void audit.refetch()} />
      )}
      {audit.isSuccess && entries.length === 0 && <p className="list-empty">{t('admin.audit.none')}</p>}
      {entries.length > 0 && <Table entries={entries} />}
      {audit.hasNextPage && (
        <Button
          mt="md"
          variant="default"
          loading={audit.isFetchingNextPage}
          onClick={() => void audit.fetchNextPage()}
        >
          {t('admin.audit.older')}
        </Button>
      )}
    </>
  );
}

function Table({ entries }: { entries: readonly Entry[] }) {
  const { t, i18n } = useTranslation();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-scroll" aria-label={t('admin.audit.title')} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('admin.audit.when')}</th>
            <th scope="col">{t('admin.audit.who')}</th>
            <th scope="col">{t('admin.audit.what')}</th>
            <th scope="col">{t('admin.audit.where')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <td className="numbers">
                {new Date(entry.at).toLocaleString(i18n.language, { dateStyle: 'short', timeStyle: 'short' })}
              </td>
              <td dir="auto">{entry.by?.name ?? t('admin.audit.nobody')}</td>
              <td dir="auto">
                {kindName(entry.kind)}
                {entry.object !== null && `: ${entry.object}`}
                {entry.detail !== null && <small> ({entry.detail})</small>}
              </td>
              <td className="numbers">{entry.address ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

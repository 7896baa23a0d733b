import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import {
  IconChevronDown,
  IconChevronUp,
  IconCopyPlus,
  IconDots,
  IconFlag,
  IconHistory,
  IconLink,
  IconListDetails,
  IconRestore,
} from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Density, Summary } from '../../api/history';
import { type Changes, changeKind } from './changes';
import { usePast } from './context';
import { useNames } from './Faces';
import { NamePopover } from './NameForm';
import { useWhere, type Where } from './useWhere';
import { exactTime, moment } from './when';

/** Says which moment is looked at, and holds what can be done with it. */
export function HistoryBar(props: {
  density: Density | undefined;
  changes: Changes;
  /** Opens the list of sessions where it does not stand beside the page. */
  openList: (() => void) | null;
}) {
  const { t } = useTranslation();
  const { leave } = usePast();
  const where = useWhere(props.density);
  const isCompared = where.view.place?.against != null;
  return (
    <section className="past-bar" aria-label={t('history.bar')} data-now={where.isNow}>
      <div className="past-bar-line">
        <Words where={where} />
        <Button size="compact-sm" variant="default" onClick={leave}>
          {t(where.isNow ? 'history.back' : 'history.return')}
        </Button>
        <div className="past-bar-tools">
          {props.openList !== null && (
            <Tool label={t('history.sessions')} onClick={props.openList}>
              <IconListDetails size={18} />
            </Tool>
          )}
          {!where.isGone && <Tools where={where} isNarrow={props.openList !== null} />}
        </div>
      </div>
      {isCompared && <ChangeLine where={where} density={props.density} changes={props.changes} />}
    </section>
  );
}

function headline({ isNow, isGone }: Where, time: string, t: TFunction): string {
  if (isGone) return t('history.goneWords');
  return isNow ? t('history.now') : t('history.viewing', { time });
}

function Words({ where }: { where: Where }) {
  const { t, i18n } = useTranslation();
  const nameOf = useNames();
  const time = moment(where.time, Date.now(), i18n.language, t);
  return (
    <p className="past-words" data-testid="past-words">
      <IconHistory size={17} aria-hidden />
      <span>
        <strong>{headline(where, time, t)}</strong>
        {where.by !== null && !where.isGone && (
          <span className="past-by">
            {' · '}
            {t(where.isNow ? 'history.lastBy' : 'history.by', { name: nameOf(where.by), time })}
          </span>
        )}
      </span>
    </p>
  );
}

function Tool(props: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={props.label} onClick={props.onClick}>
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}

function Tools({ where, isNarrow }: { where: Where; isNarrow: boolean }) {
  const { t } = useTranslation();
  const { actions, canWrite } = usePast();
  const restorePage = (): void => void actions.restore({ to: where.at });
  return (
    <>
      {canWrite && (
        <NamePopover
          submit={(name) => actions.name(where.at, name)}
          target={(open) => (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t('history.name')}
              title={t('history.name')}
              onClick={open}
            >
              <IconFlag size={18} />
            </ActionIcon>
          )}
        />
      )}
      {isNarrow ? (
        <Menu position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('history.more')}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {canWrite && (
              <Menu.Item leftSection={<IconCopyPlus size={16} />} onClick={() => void actions.copy(where.at)}>
                {t('history.copy')}
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconLink size={16} />} onClick={() => void actions.link()}>
              {t('history.link')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : (
        <>
          {canWrite && (
            <Tool label={t('history.copy')} onClick={() => void actions.copy(where.at)}>
              <IconCopyPlus size={18} />
            </Tool>
          )}
          <Tool label={t('history.link')} onClick={() => void actions.link()}>
            <IconLink size={18} />
          </Tool>
        </>
      )}
      {canWrite && !where.isNow && (
        <Button size="compact-sm" leftSection={<IconRestore size={16} aria-hidden />} onClick={restorePage}>
          {t('history.restorePage')}
        </Button>
      )}
    </>
  );
}

function blocksOf({ blocks }: Summary): number {
  return blocks.added + blocks.removed + blocks.changed + blocks.moved;
}

/** Of what was stepped to, so much is read out. */
const SPOKEN_CHARACTERS_MAX = 120;

/** The change that was stepped to, for those who do not see the card beside it. */
function ChangeWords({ element }: { element: HTMLElement | null }) {
  const { t, i18n } = useTranslation();
  const nameOf = useNames();
  if (element === null) return null;
  const { by = '', at, change } = element.dataset;
  const text = (element.textContent ?? '').slice(0, SPOKEN_CHARACTERS_MAX);
  return `${t(`history.did.${changeKind(change)}`, { name: nameOf(by) })}, ${exactTime(Number(at), i18n.language)}: ${text}`;
}

function ChangeLine(props: { where: Where; density: Density | undefined; changes: Changes }) {
  const { t } = useTranslation();
  const { shown, place } = props.where.view;
  const summary = shown?.summary ?? null;
  const { changes } = props;
  return (
    <div className="past-bar-line past-change-line">
      <p className="past-summary" role="status">
        {summary === null
          ? t('history.comparing')
          : t('history.summary', {
              added: summary.added,
              removed: summary.removed,
              blocks: t('history.blocks', { count: blocksOf(summary) }),
            })}
        <span className="past-by">
          {' · '}
          {t(place?.against === 'session' ? 'history.sinceSession' : 'history.sinceHandle')}
        </span>
      </p>
      <span className="unseen" role="status">
        <ChangeWords element={changes.current} />
      </span>
      {changes.count > 0 && (
        <div className="past-steps">
          <span className="numbers">
            {changes.index < 0
              ? t('history.changes', { count: changes.count })
              : t('history.changeOf', { at: changes.index + 1, count: changes.count })}
          </span>
          <Tooltip label={`${t('history.previousChange')} · P`}>
            <ActionIcon
              variant="default"
              size="md"
              aria-label={t('history.previousChange')}
              onClick={() => changes.go(-1)}
            >
              <IconChevronUp size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={`${t('history.nextChange')} · N`}>
            <ActionIcon
              variant="default"
              size="md"
              aria-label={t('history.nextChange')}
              onClick={() => changes.go(1)}
            >
              <IconChevronDown size={16} />
            </ActionIcon>
          </Tooltip>
        </div>
      )}
    </div>
  );
}

import { Popover } from '@mantine/core';
import {
  IconCheck,
  IconCloudOff,
  IconEye,
  IconLock,
  IconPlugConnectedX,
  IconProgress,
  IconRefresh,
} from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SaveState } from '../../sync';

const ICONS = {
  connecting: IconRefresh,
  saved: IconCheck,
  saving: IconProgress,
  offline: IconCloudOff,
  reconnecting: IconRefresh,
  readOnly: IconEye,
  rejected: IconPlugConnectedX,
  denied: IconLock,
} as const;

export function stateWord(save: SaveState, t: TFunction): string {
  if (save.kind !== 'offline' || save.edits === 0) return t(`save.${save.kind}`);
  return t(save.kept ? 'save.offlineKept' : 'save.offlineLoose', { count: save.edits });
}

function explanation(save: SaveState, t: TFunction): string[] {
  const lines = [t(`save.about.${save.kind}`)];
  if (save.kind === 'offline' && save.edits > 0) {
    lines.push(t(save.kept ? 'save.about.offlineKept' : 'save.about.offlineLoose'));
  }
  if (save.kind === 'readOnly' && save.edits > 0) {
    lines.push(t('save.about.readOnlyEdits', { count: save.edits }));
  }
  return lines;
}

/**
 * What a screen reader is told. Saving and saved alternate while somebody types, so of those two only the first
 * "saved" after trouble is worth a word; a state must last a moment before it is spoken.
 */
function useAnnouncement(save: SaveState, word: string): string {
  const [spoken, setSpoken] = useState('');
  const troubled = useRef(false);
  const trouble = !['saved', 'saving', 'connecting'].includes(save.kind);
  // The number of edits changes with every key; the kind does not.
  const latest = useRef(word);
  latest.current = word;
  useEffect(() => {
    const timer = setTimeout(() => {
      if (trouble) {
        troubled.current = true;
        setSpoken(latest.current);
      } else if (save.kind === 'saved' && troubled.current) {
        troubled.current = false;
        setSpoken(latest.current);
      }
    }, 1_200);
    return () => clearTimeout(timer);
  }, [save.kind, trouble]);
  return spoken;
}

export function StateWord({ save }: { save: SaveState }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const word = stateWord(save, t);
  const spoken = useAnnouncement(save, word);
  const Icon = ICONS[save.kind];
  return (
    <>
      <Popover opened={open} onChange={setOpen} position="bottom" width={280} shadow="md" withinPortal>
        <Popover.Target>
          <button
            type="button"
            className="state-word"
            data-state={save.kind}
            data-testid="state-word"
            onClick={() => setOpen((before) => !before)}
          >
            <Icon size={15} aria-hidden />
            <span>{word}</span>
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          {explanation(save, t).map((line) => (
            <p key={line} className="state-about">
              {line}
            </p>
          ))}
        </Popover.Dropdown>
      </Popover>
      <span className="unseen" role="status">
        {spoken}
      </span>
    </>
  );
}

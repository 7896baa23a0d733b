import { Button, Popover, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** What the server takes at most. */
const NAME_CHARACTERS_MAX = 100;

/** A name for a moment, asked for beside the button that wants one. */
export function NameForm(props: {
  start: string;
  submit: (name: string) => Promise<boolean>;
  close: () => void;
}) {
  const { t } = useTranslation();
  const [name, setName] = useState(props.start);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // A name that is there is typed over, unless one goes into it.
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === '' || busy) return;
    setBusy(true);
    const isDone = await props.submit(wanted);
    setBusy(false);
    if (isDone) props.close();
  };
  return (
    <form
      className="past-name"
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') props.close();
      }}
    >
      <TextInput
        ref={field}
        label={t('history.nameLabel')}
        placeholder={t('history.namePlaceholder')}
        value={name}
        maxLength={NAME_CHARACTERS_MAX}
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" loading={busy} disabled={name.trim() === ''}>
        {t('history.nameSave')}
      </Button>
    </form>
  );
}

export function NamePopover(props: {
  submit: (name: string) => Promise<boolean>;
  target: (open: () => void) => ReactNode;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      width="min(20rem, calc(100vw - 1.25rem))"
      trapFocus
      returnFocus
      shadow="md"
      withinPortal
    >
      <Popover.Target>{props.target(() => setOpen((before) => !before))}</Popover.Target>
      <Popover.Dropdown>
        <NameForm start="" submit={props.submit} close={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';

const SHOWN_MAX = 50;

export interface Choice {
  key: string;
  icon: ReactNode;
  name: string;
  /** What tells it from another of the same name. */
  note: string;
}

const matches = ({ name }: Choice, query: string): boolean => {
  const within = name.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => within.includes(word));
};

/** One of several, by typing a part of its name, by arrows or by a press. `none` is said when nothing fits. */
export function ChoiceList<C extends Choice>(props: {
  choices: readonly C[];
  search: string;
  label: string;
  none: ReactNode;
  choose: (choice: C) => void;
}) {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const shown = props.choices.filter((choice) => matches(choice, query.trim())).slice(0, SHOWN_MAX);
  const chosen = shown[Math.min(at, shown.length - 1)];

  const onKeyDown = (event: React.KeyboardEvent): void => {
    // Enter that ends the choice of Chinese characters is not for us.
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((before) => Math.max(0, Math.min(shown.length - 1, before + step)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (chosen !== undefined) props.choose(chosen);
    }
  };
  return (
    <>
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.key}`}
        aria-label={props.search}
        placeholder={props.search}
        leftSection={<IconSearch size={16} />}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div role="listbox" id={list} aria-label={props.label} className="choices">
        {shown.map((choice) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keyboard
          <div
            key={choice.key}
            id={`${list}-${choice.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={choice === chosen}
            className="choice"
            ref={(element) => {
              if (choice === chosen) element?.scrollIntoView({ block: 'nearest' });
            }}
            onClick={() => props.choose(choice)}
          >
            {choice.icon}
            <span className="choice-name" dir="auto">
              {choice.name}
            </span>
            <small dir="auto">{choice.note}</small>
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className="list-empty">{props.none}</p>}
    </>
  );
}

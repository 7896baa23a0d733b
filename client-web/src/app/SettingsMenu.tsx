import {
  ActionIcon,
  Popover,
  SegmentedControl,
  TextInput,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core';
import { IconSettings } from '@tabler/icons-react';
import { useId, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { isLanguage, LANGUAGES, setLanguage } from '../locales';
import { getPerson, NAME_CHARACTERS_MAX, onPerson, PALETTE, setPerson } from '../sync/person';

export function SettingsMenu() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      width={300}
      trapFocus
      returnFocus
      shadow="md"
    >
      <Popover.Target>
        <Tooltip label={t('settings.open')} disabled={open}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t('settings.open')}
            onClick={() => setOpen((before) => !before)}
          >
            <IconSettings size={19} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('settings.open')}>
        <Settings />
      </Popover.Dropdown>
    </Popover>
  );
}

function Settings() {
  const { t, i18n } = useTranslation();
  const person = useSyncExternalStore(onPerson, getPerson);
  const [name, setName] = useState(person.name);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const ids = useId();
  return (
    <div className="settings">
      <TextInput
        label={t('settings.name')}
        description={t('settings.nameHelp')}
        value={name}
        maxLength={NAME_CHARACTERS_MAX}
        onChange={(event) => {
          setName(event.currentTarget.value);
          setPerson({ name: event.currentTarget.value });
        }}
        onBlur={() => setName(getPerson().name)}
      />
      <div role="radiogroup" aria-labelledby={`${ids}-color`}>
        <div className="settings-label" id={`${ids}-color`}>
          {t('settings.color')}
        </div>
        <div className="swatches">
          {PALETTE.map((color, index) => (
            <label key={color} className="swatch" style={{ '--swatch': color } as React.CSSProperties}>
              <input
                type="radio"
                name={`${ids}-color`}
                value={color}
                checked={person.color === color}
                aria-label={t('settings.colorChoice', { number: index + 1 })}
                onChange={() => setPerson({ color })}
              />
              <span aria-hidden />
            </label>
          ))}
        </div>
      </div>
      <div>
        <div className="settings-label" id={`${ids}-theme`}>
          {t('settings.theme')}
        </div>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-labelledby={`${ids}-theme`}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as 'light' | 'dark' | 'auto')}
          data={[
            { value: 'light', label: t('settings.light') },
            { value: 'dark', label: t('settings.dark') },
            { value: 'auto', label: t('settings.auto') },
          ]}
        />
      </div>
      <div>
        <div className="settings-label" id={`${ids}-language`}>
          {t('settings.language')}
        </div>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-labelledby={`${ids}-language`}
          value={i18n.language}
          onChange={(value) => isLanguage(value) && setLanguage(value)}
          data={Object.entries(LANGUAGES).map(([value, language]) => ({
            value,
            label: <span lang={value}>{language.name}</span>,
          }))}
        />
      </div>
    </div>
  );
}

import { Menu } from '@mantine/core';
import {
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconShieldCog,
  IconSun,
  IconUser,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isAdmin, type Me, THEMES, type Theme } from '../api/me';
import { LANGUAGES } from '../locales';
import { unsentDocuments } from '../sync/unsent';
import { openDialog } from '../wiki/dialogs';
import { useOwnSettings } from '../wiki/me';
import { PersonFace } from '../wiki/PersonFace';

const THEME_ICONS = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon } as const;

/** At the foot of the sidebar: who one is, and what one sets for oneself. */
export function PersonMenu({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const own = useOwnSettings();
  return (
    <Menu position="top-start" width={240} shadow="md" withinPortal closeOnItemClick>
      <Menu.Target>
        <button type="button" className="person-button" aria-label={t('app.you', { name: me.name })}>
          <PersonFace person={me} size={28} />
          <span dir="auto">{me.name}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.email}</Menu.Label>
        <Menu.Item
          leftSection={<IconUser size={16} />}
          component={Link}
          {...({ to: '/settings/$section', params: { section: 'profile' } } as object)}
        >
          {t('app.profile')}
        </Menu.Item>
        {isAdmin(me.role) && (
          <Menu.Item
            leftSection={<IconShieldCog size={16} />}
            component={Link}
            {...({ to: '/admin/$section', params: { section: 'people' } } as object)}
          >
            {t('app.admin')}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Label>{t('settings.theme')}</Menu.Label>
        <Menu.RadioGroup value={me.theme} onChange={(theme) => own.setTheme(theme as Theme)}>
          {THEMES.map((theme) => {
            const Icon = THEME_ICONS[theme];
            return (
              <Menu.RadioItem key={theme} value={theme} rightSection={<Icon size={16} />}>
                {t(`settings.${theme}`)}
              </Menu.RadioItem>
            );
          })}
        </Menu.RadioGroup>
        <Menu.Label>{t('settings.language')}</Menu.Label>
        <Menu.RadioGroup value={i18n.language} onChange={(language) => own.setLanguage(language)}>
          {Object.entries(LANGUAGES).map(([tag, { name }]) => (
            <Menu.RadioItem key={tag} value={tag} lang={tag}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={() =>
            unsentDocuments().length > 0 ? openDialog({ kind: 'signOut' }) : void own.signOut()
          }
        >
          {t('app.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

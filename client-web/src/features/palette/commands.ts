import type { Icon } from '@tabler/icons-react';
import {
  IconArrowRight,
  IconDeviceDesktop,
  IconFolderPlus,
  IconHistory,
  IconHome,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconPlus,
  IconSettings,
  IconShare,
  IconShieldCog,
  IconSun,
  IconTemplate,
} from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { isAdmin, type Me } from '../../api/me';
import { LANGUAGES } from '../../locales';

/** What a command needs of the world around it. */
export interface World {
  me: Me;
  /** The page that is open, if one is. */
  page: string | null;
  newPage: () => void;
  fromTemplate: () => void;
  newSpace: () => void;
  move: (page: string) => void;
  share: (page: string) => void;
  history: () => void;
  go: (to: 'home' | 'settings' | 'admin') => void;
  setTheme: (theme: 'auto' | 'light' | 'dark') => void;
  setLanguage: (language: string) => void;
  signOut: () => void;
}

export interface Command {
  id: string;
  label: string;
  /** Found by these too, in every language. */
  words: string;
  icon: Icon;
  keys?: string;
  run: () => void;
}

export function commandsFor(world: World, t: TFunction): Command[] {
  const { me, page } = world;
  const commands: Command[] = [
    {
      id: 'new',
      label: t('app.newPage'),
      words: 'new create 新建',
      icon: IconPlus,
      keys: 'Alt+N',
      run: world.newPage,
    },
    {
      id: 'template',
      label: t('do.fromTemplate'),
      words: 'new template 模板',
      icon: IconTemplate,
      run: world.fromTemplate,
    },
  ];
  if (page !== null) {
    commands.push(
      {
        id: 'move',
        label: t('palette.move'),
        words: 'move 移动',
        icon: IconArrowRight,
        run: () => world.move(page),
      },
      {
        id: 'share',
        label: t('palette.share'),
        words: 'share link 共享',
        icon: IconShare,
        run: () => world.share(page),
      },
      {
        id: 'history',
        label: t('palette.history'),
        words: 'history versions 历史',
        icon: IconHistory,
        keys: 'Alt+H',
        run: world.history,
      },
    );
  }
  commands.push({
    id: 'home',
    label: t('app.home'),
    words: 'home start 首页',
    icon: IconHome,
    run: () => world.go('home'),
  });
  if (me.role !== 'guest') {
    commands.push({
      id: 'space',
      label: t('app.newSpace'),
      words: 'new space 空间',
      icon: IconFolderPlus,
      run: world.newSpace,
    });
  }
  const themes = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop } as const;
  for (const [theme, icon] of Object.entries(themes) as [keyof typeof themes, Icon][]) {
    commands.push({
      id: `theme-${theme}`,
      label: `${t('settings.theme')}: ${t(`settings.${theme}`)}`,
      words: `theme appearance ${theme} 外观`,
      icon,
      run: () => world.setTheme(theme),
    });
  }
  for (const [tag, { name }] of Object.entries(LANGUAGES)) {
    commands.push({
      id: `language-${tag}`,
      label: `${t('settings.language')}: ${name}`,
      words: `language ${name} 语言`,
      icon: IconLanguage,
      run: () => world.setLanguage(tag),
    });
  }
  commands.push({
    id: 'settings',
    label: t('app.settings'),
    words: 'settings profile preferences 设置',
    icon: IconSettings,
    run: () => world.go('settings'),
  });
  if (isAdmin(me.role)) {
    commands.push({
      id: 'admin',
      label: t('app.admin'),
      words: 'admin people server 管理',
      icon: IconShieldCog,
      run: () => world.go('admin'),
    });
  }
  commands.push({
    id: 'out',
    label: t('app.signOut'),
    words: 'sign out log out 退出',
    icon: IconLogout,
    run: world.signOut,
  });
  return commands;
}

/** Every word of the question stands somewhere in the text. */
export function holds(text: string, question: string): boolean {
  const within = text.toLocaleLowerCase();
  return question
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => within.includes(word));
}

// Every screen, and how one comes to it. Each starts from a fresh stand-in.
const PASSWORD = 'correct horse';

async function start({ page, base }, how = '') {
  await page.request.post(`${base}/api/stub/start?${how}`);
}

async function inside(world, path = '/', who = 'ann', how = '') {
  await start(world, how);
  await world.page.request.post(`${world.base}/api/sign-in`, {
    data: { email: `${who}@example.org`, password: PASSWORD },
  });
  await world.page.request.patch(`${world.base}/api/me`, { data: { language: world.language } });
  await world.page.goto(path);
  await world.page.locator('main').first().waitFor();
}

const api = async ({ page, base }, path) => (await page.request.get(`${base}/api/${path}`)).json();

async function pageNamed(world, title) {
  const { pages } = await api(world, `find?q=${encodeURIComponent(title)}`);
  return pages[0].id;
}

async function open(world, title, who = 'ann') {
  await inside(world, '/', who);
  await world.page.goto(`/page/${await pageNamed(world, title)}`);
  await world.page.locator('.prose').waitFor();
}

async function openSidebar({ page, isPhone }) {
  if (isPhone) await page.locator('.topbar button').first().click();
  await page.locator('.tree-row').first().waitFor();
}

export const SCREENS = {
  'outside-setup-needed': async (world) => {
    await start(world, 'fresh');
    await world.page.goto('/');
    await world.page.locator('h1').waitFor();
  },
  'outside-setup': async (world) => {
    await start(world, 'fresh');
    await world.page.goto('/setup?token=setup-token');
    await world.page.locator('input[name="name"], input[autocomplete="name"]').waitFor();
    await world.page.locator('button[type=submit]').click();
  },
  'outside-sign-in': async (world) => {
    await start(world);
    await world.page.goto('/sign-in');
    await world.page.locator('input[type=password]').waitFor();
  },
  'outside-sign-in-wrong': async (world) => {
    await start(world);
    await world.page.goto('/');
    await world.page.locator('input[type=email]').fill('ann@example.org');
    await world.page.locator('input[type=password]').fill('nope');
    await world.page.locator('button[type=submit]').click();
    await world.page.locator('.form-fault').waitFor();
  },
  'outside-forgotten': async (world) => {
    await start(world);
    await world.page.goto('/reset');
    await world.page.locator('h1').waitFor();
  },
  'outside-invite-gone': async (world) => {
    await start(world);
    await world.page.goto('/invite/nothing');
    await world.page.locator('h1').waitFor();
  },
  home: async (world) => {
    await inside(world);
    await world.page.locator('.document').first().waitFor();
  },
  'home-sidebar': async (world) => {
    await inside(world);
    await openSidebar(world);
  },
  'home-empty': async (world) => {
    await start(world, 'fresh');
    await world.page.request.post(`${world.base}/api/setup`, {
      data: { token: 'setup-token', name: 'Ann', email: 'ann@example.org', password: PASSWORD },
    });
    const { spaces } = await api(world, 'spaces');
    const { pages } = await api(world, `spaces/${spaces[0].id}/pages`);
    await world.page.request.delete(`${world.base}/api/pages/${pages[0].id}`);
    await world.page.goto('/');
    await world.page.locator('.notice').waitFor();
  },
  page: async (world) => open(world, 'Working days'),
  'page-new': async (world) => {
    await inside(world);
    await world.page.keyboard.press('Alt+N');
    await world.page.locator('.prose').waitFor();
    await world.page.keyboard.type('Plan for 明天');
    await world.page.waitForTimeout(1_300);
  },
  'page-denied': async (world) => {
    await inside(world, '/page/aaaaaaaaaaaaaaaaaaaaaaaa');
    await world.page.locator('.notice').waitFor();
  },
  'page-archived': async (world) => open(world, 'Old office'),
  'page-viewer': async (world) => open(world, 'Roadmap', 'dora'),
  'page-menu': async (world) => {
    await open(world, 'Roadmap');
    await world.page.getByRole('button', { name: /^(More|更多)$/ }).click();
    await world.page.getByRole('menu').waitFor();
  },
  'tree-menu': async (world) => {
    await inside(world);
    await openSidebar(world);
    await world.page.locator('.tree-row').nth(2).click({ button: 'right' });
    await world.page.getByRole('menu').waitFor();
  },
  'person-menu': async (world) => {
    await inside(world);
    await openSidebar(world);
    await world.page.locator('.person-button').click();
    await world.page.getByRole('menu').waitFor();
  },
  notices: async (world) => {
    await inside(world);
    await openSidebar(world);
    await world.page.getByRole('button', { name: /^(Notices|通知)/ }).click();
    await world.page.locator('.notices-line').first().waitFor();
  },
  'notices-none': async (world) => {
    await inside(world, '/', 'dora');
    await openSidebar(world);
    await world.page.getByRole('button', { name: /^(Notices|通知)/ }).click();
    await world.page.locator('.notices-none').waitFor();
  },
  'page-together': async (world) => {
    await open(world, 'Roadmap');
    const id = await pageNamed(world, 'Roadmap');
    const other = await world.page.context().browser().newContext({ baseURL: world.base, locale: 'en' });
    await other.request.post(`${world.base}/api/sign-in`, {
      data: { email: 'wang@example.org', password: PASSWORD },
    });
    const tab = await other.newPage();
    await tab.goto(`/page/${id}`);
    const body = tab.locator('.prose').last();
    await body.focus();
    await tab.keyboard.press('Control+End');
    await tab.keyboard.type(' 我们一起写。');
    await world.page.locator('.caret').waitFor();
    world.context.on('close', () => other.close());
  },
  'dialog-move': async (world) => {
    await open(world, 'Roadmap');
    await world.page.getByRole('button', { name: /^(More|更多)$/ }).click();
    await world.page.getByRole('menuitem', { name: /Move…|移动…/ }).click();
    await world.page.getByRole('option').first().waitFor();
  },
  'dialog-icon': async (world) => {
    await open(world, 'Roadmap');
    await world.page.locator('.page-sign').click();
    await world.page.locator('.icons-grid').first().waitFor();
  },
  'dialog-share': async (world) => {
    await open(world, 'Salary');
    await world.page.getByRole('button', { name: /^(More|更多)$/ }).click();
    await world.page.getByRole('menuitem', { name: /^(Share|共享)$/ }).click();
    await world.page.getByTestId('audience').waitFor();
  },
  'dialog-share-link': async (world) => {
    await open(world, 'Handbook');
    await world.page.getByRole('button', { name: /^(More|更多)$/ }).click();
    await world.page.getByRole('menuitem', { name: /^(Share|共享)$/ }).click();
    await world.page.locator('.share-public > button').click();
    await world.page.locator('.share-tools button').first().click();
  },
  'dialog-space': async (world) => {
    await inside(world);
    await openSidebar(world);
    await world.page.locator('.nav-heading-row button').click();
    await world.page.getByRole('dialog').waitFor();
  },
  space: async (world) => {
    await inside(world, '/home');
    await world.page.locator('.document').first().waitFor();
  },
  'space-people': async (world) => {
    await inside(world, '/product');
    await world.page.getByRole('tab').nth(1).click();
    await world.page.locator('.grant-list li').first().waitFor();
  },
  'space-settings': async (world) => {
    await inside(world, '/home');
    await world.page.getByRole('tab').nth(2).click();
    await world.page.locator('.space-part form').waitFor();
  },
  'space-trash': async (world) => {
    await inside(world, '/home/trash');
    await world.page.locator('.trash-row').first().waitFor();
  },
  'palette-empty': async (world) => {
    await inside(world);
    await world.page.keyboard.press('Control+K');
    await world.page.locator('[data-action]').first().waitFor();
  },
  'palette-found': async (world) => {
    await inside(world);
    await world.page.keyboard.press('Control+K');
    await world.page.getByPlaceholder(/Find a page|查找页面/).fill('设');
    await world.page.waitForTimeout(600);
  },
  'settings-profile': async (world) => inside(world, '/settings/profile'),
  'settings-preferences': async (world) => inside(world, '/settings/preferences'),
  'settings-security': async (world) => {
    await inside(world, '/settings/security');
    await world.page.locator('.lines li').first().waitFor();
  },
  'settings-totp': async (world) => {
    await inside(world, '/settings/security');
    await world.page.getByRole('button', { name: /^(Set up|开启)$/ }).click();
    await world.page.locator('.qr-code').waitFor();
  },
  'settings-tokens': async (world) => {
    await inside(world, '/settings/tokens');
    await world.page.locator('form input').first().fill('Export');
    await world.page.locator('form button[type=submit]').click();
    await world.page.locator('.once').waitFor();
  },
  'admin-people': async (world) => {
    await inside(world, '/admin/people');
    await world.page.locator('.lines li').first().waitFor();
  },
  'admin-invitations': async (world) => {
    await inside(world, '/admin/invitations');
    await world.page.locator('.lines li').first().waitFor();
  },
  'admin-groups': async (world) => {
    await inside(world, '/admin/groups');
    await world.page.locator('.group').first().waitFor();
  },
  'admin-spaces': async (world) => {
    await inside(world, '/admin/spaces');
    await world.page.locator('.lines li').first().waitFor();
  },
  'admin-audit': async (world) => {
    await inside(world, '/admin/audit');
    await world.page.locator('.table').waitFor();
  },
  'admin-apps': async (world) => {
    await inside(world, '/admin/apps');
    await world.page.locator('.lines li').first().waitFor();
  },
  'admin-apps-none': async (world) => {
    await inside(world);
    await world.page.request.delete(`${world.base}/api/apps/whiteboard`);
    await world.page.goto('/admin/apps');
    await world.page.locator('.list-empty').waitFor();
  },
  'admin-apps-secret': async (world) => {
    await inside(world, '/admin/apps');
    await world.page.locator('.lines li').first().waitFor();
    const [name, prefix] = await world.page.locator('main form input').all();
    await name.fill('Sketches');
    await prefix.fill('sketches');
    await world.page.locator('main form button[type=submit]').click();
    await world.page.locator('.once').waitFor();
  },
  'admin-apps-wrong': async (world) => {
    await inside(world, '/admin/apps');
    await world.page.locator('.lines li').first().waitFor();
    const [name, prefix] = await world.page.locator('main form input').all();
    await name.fill('Whiteboard');
    await prefix.fill('whiteboard');
    await world.page.locator('main form button[type=submit]').click();
    await world.page.locator('main form [id$=error]').waitFor();
  },
  'admin-apps-key': async (world) => {
    await inside(world, '/admin/apps');
    await world.page.locator('.group .side-tools button').first().click();
    await world.page.getByRole('dialog').locator('select').selectOption('public');
    await world.page.getByRole('dialog').locator('input').fill('short');
    await world.page.getByRole('dialog').locator('button[type=submit]').click();
  },
  'admin-apps-pages': async (world) => {
    await inside(world, '/admin/apps');
    await world.page.locator('.group .lines button').last().click();
    await world.page.getByRole('dialog').locator('textarea').waitFor();
  },
  'admin-apps-remove': async (world) => {
    await inside(world, '/admin/apps');
    await world.page.locator('.group .side-tools button').last().click();
    await world.page.getByRole('dialog').waitFor();
  },
  'admin-live': async (world) => {
    await inside(world, '/admin/live');
    await world.page.locator('.chart').first().waitFor();
    await world.page.waitForTimeout(3_000);
  },
  'admin-server': async (world) => {
    await inside(world, '/admin/server');
    await world.page.locator('.facts').waitFor();
  },
  'shared-read': async (world) => shared(world, 'Handbook', { level: 'view', subtree: true }),
  'shared-edit': async (world) => shared(world, 'Roadmap', { level: 'edit' }),
  'shared-locked': async (world) =>
    shared(world, 'Handbook', { level: 'view', password: 'sesame' }, '.shared-locked'),
  'shared-ended': async (world) => {
    await start(world);
    await world.page.goto('/s/nothing');
    await world.page.locator('.notice').waitFor();
  },
};

async function shared(world, title, wish, sign = '.prose') {
  await inside(world, '/');
  const id = await pageNamed(world, title);
  const answer = await world.page.request.post(`${world.base}/api/pages/${id}/shares`, { data: wish });
  const { link } = await answer.json();
  await world.context.clearCookies();
  await world.page.goto(new URL(link).pathname);
  await world.page.locator(sign).first().waitFor();
}

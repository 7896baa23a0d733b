import { addPage, addPerson, addSpace, newId, type Page, type World } from './state';

export const PASSWORD = 'correct horse';
const DAY = 86_400_000;

/** A team of a few people with something written, as one would show to a friend. */
export function seed(world: World, write: (page: Page, paragraphs: string[]) => void, many: number): void {
  world.setUp = true;
  const ann = addPerson(world, 'Ann Lindqvist', 'ann@example.org', PASSWORD, 'owner');
  const ben = addPerson(world, 'Ben Okafor', 'ben@example.org', PASSWORD, 'admin');
  const cleo = addPerson(world, '王小明', 'wang@example.org', PASSWORD, 'member');
  const dora = addPerson(world, 'Dora Marin', 'dora@example.org', PASSWORD, 'member');
  const eli = addPerson(world, 'Eli Brandt', 'eli@example.org', PASSWORD, 'guest');
  addPerson(world, 'Femke de Vries', 'femke@example.org', PASSWORD, 'member').suspended = true;
  const designers = { id: newId(), name: 'Design', people: [ann.id, cleo.id] };
  world.groups.set(designers.id, designers);
  const night = { id: newId(), name: 'Night shift', people: [ben.id, dora.id] };
  world.groups.set(night.id, night);

  const home = addSpace(world, 'Home', 'home', {
    icon: '🏡',
    description: 'What everybody here should know, and where to find the rest.',
    grants: [{ who: { person: ann.id }, level: 'manage' }],
  });
  const product = addSpace(world, 'Product', 'product', {
    icon: '🧭',
    description: 'What we build next and why.',
    members: 'comment',
    grants: [
      { who: { person: ann.id }, level: 'manage' },
      { who: { group: designers.id }, level: 'edit' },
    ],
  });
  const training = addSpace(world, '培训资料', '培训资料', {
    icon: '🎓',
    description: '新同事第一周要看的内容。',
    grants: [{ who: { person: cleo.id }, level: 'manage' }],
  });
  const board = addSpace(world, 'Board', 'board', {
    members: null,
    grants: [{ who: { person: ann.id }, level: 'manage' }],
  });
  addSpace(world, 'Payroll', 'payroll', {
    members: null,
    grants: [{ who: { person: ben.id }, level: 'manage' }],
  });

  let minutes = 3;
  const page = (
    by: string,
    space: string,
    title: string,
    icon: string | null,
    parent: Page | null,
    text: string[],
  ): Page => {
    const made = addPage(world, by, { space, parent: parent?.id ?? null, title, icon });
    made.updated = Date.now() - minutes * 60_000;
    made.created = made.updated - 3 * DAY;
    minutes = Math.round(minutes * 1.7) + 4;
    write(made, text);
    return made;
  };
  const welcome = page(ann.id, home.id, 'Welcome', '👋', null, [
    'This is the first page. Everybody on the team can read it and write in it.',
    'Press Alt+N anywhere to begin a page of your own.',
  ]);
  const handbook = page(ann.id, home.id, 'Handbook', '📖', null, ['How we work together.']);
  const days = page(ben.id, home.id, 'Working days and holidays', null, handbook, ['We meet on Tuesdays.']);
  page(ben.id, home.id, 'Expenses', '🧾', handbook, ['Keep the receipt.']);
  page(dora.id, home.id, 'Travelling for work', null, days, ['Book two weeks ahead.']);
  const meetings = page(dora.id, home.id, 'Meetings', '📅', null, ['Notes of every meeting, newest first.']);
  page(dora.id, home.id, 'Week 47', null, meetings, ['Ben shows the new map. Ann asks for names on it.']);
  page(cleo.id, home.id, 'Week 46', null, meetings, ['We moved house.']);
  const map = page(ann.id, product.id, 'Roadmap', '🗺️', null, ['First the map, then the territory.']);
  page(ben.id, product.id, 'Offline on the train', null, map, ['Write now, send later.']);
  page(ann.id, product.id, 'Search in every language', '🔎', map, ['Also inside a sentence: 训练.']);
  page(cleo.id, training.id, '第一天', '🌱', null, ['欢迎加入！先读这一页，再认识你的同事。']);
  page(cleo.id, training.id, '常用工具', '🧰', null, ['我们每天用的工具都在这里。']);
  const budget = page(ann.id, board.id, 'Budget 2027', '💰', null, ['Nothing is decided yet.']);
  const review = page(ben.id, home.id, 'Salary review', null, null, ['Only a few people see this page.']);
  review.restricted = true;
  review.grants = [
    { who: { person: ann.id }, level: 'manage' },
    { who: { person: ben.id }, level: 'manage' },
  ];
  budget.grants = [
    { who: { person: eli.id }, level: 'view' },
    { who: { person: dora.id }, level: 'edit' },
  ];
  const old = page(dora.id, home.id, 'Old office plan', '🏚️', null, ['We do not sit there any more.']);
  old.archived = true;
  const gone = page(dora.id, home.id, 'Draft nobody needs', null, null, ['x']);
  gone.trashed = { at: Date.now() - 2 * DAY, by: dora.id };
  for (let number = 1; number <= many; number += 1) {
    page(ann.id, product.id, `Note ${number}`, null, number % 7 === 0 ? map : null, []);
  }
  ann.favourites = new Set([handbook.id, map.id]);
  ann.viewed = [welcome, map, meetings, handbook, days].map(({ id }) => id);
  const now = Date.now();
  for (const [kind, about, by, hours, read] of [
    ['pageEdited', { page: handbook.id }, dora.id, 0.2, false],
    ['pageGranted', { page: review.id }, ben.id, 5, false],
    ['spaceGranted', { space: training.id }, cleo.id, 30, true],
    ['pageTrashed', { page: gone.id }, dora.id, 48, true],
  ] as const) {
    const { page = null, space = null } = { page: null, space: null, ...about };
    world.notices.push({
      id: newId(),
      user: ann.id,
      kind,
      page,
      space,
      by,
      at: now - hours * 3_600_000,
      read,
    });
  }
  for (const [agent, address, age] of [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      '192.0.2.14',
      2,
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile/15E148 Safari/604.1',
      '198.51.100.7',
      9,
    ],
  ] as const) {
    const id = newId();
    world.signIns.set(id, {
      id,
      person: ann.id,
      created: now - age * DAY,
      seen: now - age * 3_600_000,
      address,
      agent,
    });
  }
  const token = newId();
  world.tokens.set(token, {
    id: token,
    person: ann.id,
    name: 'Nightly export',
    scope: 'read',
    created: now - 20 * DAY,
    used: now - 8 * 3_600_000,
    expires: now + 70 * DAY,
  });
  world.apps.set('whiteboard', {
    app: 'whiteboard',
    name: 'Whiteboard',
    keys: [
      { id: newId(), kind: 'secret', created: now - 5 * DAY },
      {
        id: newId(),
        kind: 'public',
        publicKey: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        created: now - DAY,
      },
    ],
    origins: ['https://board.example.org', 'https://board-preview.example.org'],
    created: now - 5 * DAY,
    documents: 1204,
    rooms: 3,
    sessions: 17,
    memoryBytes: 4_200_000,
  });
  const invitation = newId();
  world.invitations.set(invitation, {
    id: invitation,
    secret: newId(),
    email: 'gita@example.org',
    role: 'member',
    by: ann.id,
    created: now - DAY,
    expires: now + 6 * DAY,
    spaces: [{ space: product.id, level: 'edit' }],
  });
  const kinds = [
    'signed-in',
    'page-trashed',
    'shared',
    'person-changed',
    'space-taken-over',
    'token-made',
    'invited',
  ];
  for (let index = 0; index < 130; index += 1) {
    world.audit.push({
      id: String(1000 - index),
      at: now - index * 47 * 60_000,
      by: index % 6 === 5 ? null : ([ann, ben, dora][index % 3]?.id ?? null),
      kind: kinds[index % kinds.length] ?? 'signed-in',
      object: index % 2 === 0 ? 'Handbook' : 'ben@example.org',
      detail: index % 4 === 0 ? 'view' : null,
      address: '192.0.2.14',
    });
  }
}

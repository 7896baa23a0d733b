import '../../locales/welcome';
import type { TFunction } from 'i18next';
import * as Y from 'yjs';
import { sendUpdate } from '../../api/documents';
import { makePage, trashPage } from '../../api/pages';
import { listSpaces } from '../../api/spaces';
import { claimSchema } from '../../sync/gate';
import { documentOf } from '../../sync/pageId';
import { BODY_FIELD, TITLE_FIELD } from '../../sync/schema';
import { NEW_PAGE_KEYS, PALETTE_KEYS } from '../../ui/shell';
import { pagePath } from '../../wiki/address';

/** As the page's own menu says it. */
const HISTORY_KEYS = 'Alt+H';

function element(name: string, children: (Y.XmlElement | Y.XmlText)[], attributes = {}): Y.XmlElement {
  const made = new Y.XmlElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value as string);
  made.insert(0, children);
  return made;
}

/** Words in which `**` makes bold and a backtick makes code. */
function line(words: string): Y.XmlElement {
  const text = new Y.XmlText();
  const runs = words.split(/(\*\*[^*]+\*\*|`[^`]+`)/).filter((run) => run !== '');
  text.applyDelta(
    runs.map((run) => {
      // Every run says all of it: else it would inherit what the run before it is.
      if (run.startsWith('**')) return { insert: run.slice(2, -2), attributes: { bold: {} } };
      if (run.startsWith('`')) return { insert: run.slice(1, -1), attributes: { code: {} } };
      return { insert: run };
    }),
  );
  return element('paragraph', [text]);
}

const heading = (words: string): Y.XmlElement => element('heading', [new Y.XmlText(words)], { level: 2 });
const bullets = (...lines: string[]): Y.XmlElement =>
  element(
    'bulletList',
    lines.map((words) => element('listItem', [line(words)])),
  );
const tasks = (...lines: string[]): Y.XmlElement =>
  element(
    'taskList',
    lines.map((words) => element('taskItem', [line(words)], { checked: false })),
  );

/** The page that a new wiki begins with. */
export function welcome(t: TFunction): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    doc.getXmlFragment(TITLE_FIELD).insert(0, [line(t('welcome.title'))]);
    doc.getXmlFragment(BODY_FIELD).insert(0, [
      line(t('welcome.intro')),
      heading(t('welcome.writeTitle')),
      bullets(t('welcome.slash'), t('welcome.select'), t('welcome.saved')),
      heading(t('welcome.findTitle')),
      bullets(
        t('welcome.palette', { keys: PALETTE_KEYS }),
        t('welcome.newPage', { keys: NEW_PAGE_KEYS }),
        t('welcome.history', { keys: HISTORY_KEYS }),
      ),
      heading(t('welcome.inviteTitle')),
      line(t('welcome.invite')),
      heading(t('welcome.stepsTitle')),
      tasks(t('welcome.stepInvite'), t('welcome.stepPage'), t('welcome.stepHistory')),
      // Somewhere to go on from.
      element('paragraph', []),
    ]);
  });
  claimSchema(doc, null);
  return doc;
}

/** Makes that page in the first space, as whoever is signed in; answers with its address. */
export async function makeWelcome(t: TFunction): Promise<string | undefined> {
  const [space] = await listSpaces();
  if (space === undefined) return undefined;
  const { id } = await makePage({ space: space.id, icon: '👋' });
  try {
    await sendUpdate(documentOf(id), Y.encodeStateAsUpdate(welcome(t)));
  } catch (error) {
    // An empty page with a sign welcomes nobody.
    await trashPage(id);
    throw error;
  }
  return pagePath(space.slug, id, t('welcome.title'));
}

import {
  type Icon,
  IconAlertTriangle,
  IconBlockquote,
  IconBulb,
  IconChevronRight,
  IconCode,
  IconH1,
  IconH2,
  IconH3,
  IconLetterT,
  IconList,
  IconListCheck,
  IconListNumbers,
  IconMathFunction,
  IconPhoto,
  IconSeparatorHorizontal,
  IconTable,
} from '@tabler/icons-react';
import type { Editor, Range } from '@tiptap/core';
import i18next from 'i18next';
import { askFor } from './prompt';

/** Something the slash menu can put in. `name` is its key in the locales. */
export interface Block {
  name: string;
  icon: Icon;
  /** Other words for it, in every language we speak: people type what they know. */
  words: string;
  insert: (editor: Editor, range: Range) => void | Promise<void>;
}

const chain = (editor: Editor, range: Range) => editor.chain().focus().deleteRange(range);

/** Leaves a paragraph to go on in, if what was put in became the last block. */
function continueAfter(editor: Editor): void {
  const { doc, schema } = editor.state;
  const last = doc.lastChild;
  if (last === null || last.type.name === 'paragraph') return;
  const paragraph = schema.nodes.paragraph?.create();
  if (paragraph !== undefined) editor.view.dispatch(editor.state.tr.insert(doc.content.size, paragraph));
}

async function image(editor: Editor, range: Range): Promise<void> {
  chain(editor, range).run();
  const answer = await askFor({ kind: 'image' });
  if (editor.isDestroyed) return;
  if (answer?.kind === 'image') {
    editor.chain().focus().setImage({ src: answer.src, alt: answer.alt }).run();
    continueAfter(editor);
  } else editor.commands.focus();
}

async function math(editor: Editor, range: Range): Promise<void> {
  chain(editor, range).run();
  const answer = await askFor({ kind: 'math', latex: '' });
  if (editor.isDestroyed) return;
  if (answer?.kind === 'math' && answer.latex !== '') {
    editor
      .chain()
      .focus()
      .insertContent({ type: 'blockMath', attrs: { latex: answer.latex } })
      .run();
    continueAfter(editor);
  } else editor.commands.focus();
}

function callout(kind: string): Block['insert'] {
  return (editor, range) => {
    chain(editor, range).wrapIn('callout', { kind }).run();
    continueAfter(editor);
  };
}

export const BLOCKS: readonly Block[] = [
  {
    name: 'text',
    icon: IconLetterT,
    words: 'paragraph plain 段落 文字',
    insert: (editor, range) => void chain(editor, range).setParagraph().run(),
  },
  {
    name: 'heading1',
    icon: IconH1,
    words: 'h1 title 标题 biaoti',
    insert: (editor, range) => void chain(editor, range).setHeading({ level: 1 }).run(),
  },
  {
    name: 'heading2',
    icon: IconH2,
    words: 'h2 subtitle 标题 biaoti',
    insert: (editor, range) => void chain(editor, range).setHeading({ level: 2 }).run(),
  },
  {
    name: 'heading3',
    icon: IconH3,
    words: 'h3 标题 biaoti',
    insert: (editor, range) => void chain(editor, range).setHeading({ level: 3 }).run(),
  },
  {
    name: 'bulletList',
    icon: IconList,
    words: 'ul bullets unordered 列表 liebiao',
    insert: (editor, range) => void chain(editor, range).toggleBulletList().run(),
  },
  {
    name: 'orderedList',
    icon: IconListNumbers,
    words: 'ol steps 编号 列表 liebiao',
    insert: (editor, range) => void chain(editor, range).toggleOrderedList().run(),
  },
  {
    name: 'taskList',
    icon: IconListCheck,
    words: 'todo checkbox checklist 待办 任务 renwu',
    insert: (editor, range) => void chain(editor, range).toggleTaskList().run(),
  },
  {
    name: 'table',
    icon: IconTable,
    words: 'grid 表格 biaoge',
    insert: (editor, range) => {
      chain(editor, range).insertTable({ rows: 3, cols: 3, withHeaderRow: true }).run();
      continueAfter(editor);
    },
  },
  {
    name: 'code',
    icon: IconCode,
    words: 'source program snippet pre 代码 daima',
    insert: (editor, range) => {
      chain(editor, range).setCodeBlock().run();
      continueAfter(editor);
    },
  },
  {
    name: 'quote',
    icon: IconBlockquote,
    words: 'blockquote citation 引用 yinyong',
    insert: (editor, range) => void chain(editor, range).setBlockquote().run(),
  },
  { name: 'image', icon: IconPhoto, words: 'picture photo img url 图片 tupian', insert: image },
  { name: 'callout', icon: IconBulb, words: 'info note tip aside 提示 tishi', insert: callout('info') },
  {
    name: 'calloutWarning',
    icon: IconAlertTriangle,
    words: 'caution 警告 jinggao',
    insert: callout('warning'),
  },
  {
    name: 'details',
    icon: IconChevronRight,
    words: 'toggle collapse fold summary 折叠 zhedie',
    insert: (editor, range) => {
      chain(editor, range).setDetails().run();
      continueAfter(editor);
    },
  },
  { name: 'math', icon: IconMathFunction, words: 'latex equation katex 公式 数学 gongshi', insert: math },
  {
    name: 'rule',
    icon: IconSeparatorHorizontal,
    words: 'hr line divider 分隔 横线 fenge',
    insert: (editor, range) => {
      chain(editor, range).setHorizontalRule().run();
    },
  },
];

export function findBlocks(query: string): Block[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return [...BLOCKS];
  const label = (block: Block): string => i18next.t(`editor.block.${block.name}`).toLocaleLowerCase();
  const starts = BLOCKS.filter((block) => label(block).startsWith(wanted));
  const others = BLOCKS.filter(
    (block) =>
      !starts.includes(block) &&
      (label(block).includes(wanted) ||
        block.name.toLowerCase().startsWith(wanted) ||
        block.words.split(' ').some((word) => word.startsWith(wanted))),
  );
  return [...starts, ...others];
}

import type { Root } from 'hast';

/** Languages offered by name; whatever else a document says is kept and shown as it is. */
export const LANGUAGES = [
  'bash',
  'c',
  'cpp',
  'csharp',
  'css',
  'diff',
  'go',
  'graphql',
  'ini',
  'java',
  'javascript',
  'json',
  'kotlin',
  'less',
  'lua',
  'makefile',
  'markdown',
  'objectivec',
  'perl',
  'php',
  'python',
  'r',
  'ruby',
  'rust',
  'scss',
  'shell',
  'sql',
  'swift',
  'typescript',
  'vbnet',
  'xml',
  'yaml',
] as const;

export interface Highlighter {
  registered: (language: string) => boolean;
  highlight: (language: string, text: string) => Root;
}

let loading: Promise<Highlighter> | null = null;

/** The highlighter and its languages, loaded when the first code block is drawn. */
export function loadHighlighter(): Promise<Highlighter> {
  loading ??= import('lowlight').then(({ common, createLowlight }) => createLowlight(common));
  return loading;
}

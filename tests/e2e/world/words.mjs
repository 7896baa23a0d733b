// What the client says, in a language: the cases find things by the words that people read.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

const FOLDER = path.join(import.meta.dirname, '..', '..', '..', 'client-web', 'src', 'locales')

function read (language) {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name)
  const parts = ['.', ...folders].map(folder => JSON.parse(readFileSync(path.join(FOLDER, folder, `${language}.json`), 'utf8')))
  return Object.assign({}, ...parts)
}

/** `words('zh-CN')('do.trashed', { title })`: what stands there, with the slots filled. */
export function words (locale) {
  const all = read(locale.startsWith('zh') ? 'zh-CN' : 'en')
  return (key, slots = {}) => {
    const text = key.split('.').reduce((part, name) => part?.[name], all)
    if (typeof text !== 'string') throw new Error(`there are no words for ${key}`)
    return text.replace(/\{\{(\w+)\}\}/g, (_, slot) => String(slots[slot] ?? `{{${slot}}}`))
  }
}

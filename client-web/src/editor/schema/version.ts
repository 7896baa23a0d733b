/**
 * Raise it with every node, mark or attribute added to the lists beside this file, then run `npm run schema`. Older
 * clients show a page with a higher number without mounting an editor, because editing would delete what they lack.
 */
export const SCHEMA_VERSION = 1;

import generated from '../../schema.json';

/** What one node or mark may carry, as far as the gate needs to know it. */
export interface KnownThing {
  attrs: Record<string, unknown>;
}

/** The names this client can show and keep. Anything else is from a newer version, or from another app. */
export interface KnownNames {
  nodes: Record<string, KnownThing>;
  marks: Record<string, KnownThing>;
}

/** The generated list (`npm run schema`), so that this layer knows the names without loading the editor. */
export const SCHEMA: { version: number; body: KnownNames; title: KnownNames } = generated;

/** Raised with every node, mark or attribute that older clients cannot keep. */
export const SCHEMA_VERSION: number = SCHEMA.version;

export const BODY_FIELD = 'default';
export const TITLE_FIELD = 'title';
/** The map that carries the page's own facts, among them `schema`. */
export const FACTS_FIELD = 'weft';

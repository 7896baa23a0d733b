import { type Extensions, getSchema } from '@tiptap/core';
import type { AttributeSpec } from '@tiptap/pm/model';
import { bodySchema, titleSchema } from './lists';
import { SCHEMA_VERSION } from './version';

interface Described {
  nodes: Record<string, unknown>;
  marks: Record<string, unknown>;
}

type Specs = Record<string, AttributeSpec> | null | undefined;

function describeAttributes(specs: Specs): Record<string, { default: unknown }> {
  const names = Object.keys(specs ?? {}).sort();
  return Object.fromEntries(names.map((name) => [name, { default: specs?.[name]?.default ?? null }]));
}

function describe(extensions: Extensions): Described {
  const schema = getSchema(extensions);
  const nodes: Described['nodes'] = {};
  for (const [name, type] of Object.entries(schema.nodes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { content, group, inline, atom, attrs } = type.spec;
    nodes[name] = {
      ...(content ? { content } : {}),
      ...(group ? { group } : {}),
      ...(inline ? { inline } : {}),
      ...(atom ? { atom } : {}),
      attrs: describeAttributes(attrs),
    };
  }
  const marks: Described['marks'] = {};
  for (const [name, type] of Object.entries(schema.marks).sort(([a], [b]) => (a < b ? -1 : 1))) {
    // A mark that does not exclude itself is stored as `name--hash`, one key for each instance.
    marks[name] = { overlaps: !type.excludes(type), attrs: describeAttributes(type.spec.attrs) };
  }
  return { nodes, marks };
}

/** The content of `schema.json`: what a page may hold, for the gate and for everyone who reads pages without us. */
export function describeSchema(): { version: number; body: Described; title: Described } {
  return { version: SCHEMA_VERSION, body: describe(bodySchema), title: describe(titleSchema) };
}

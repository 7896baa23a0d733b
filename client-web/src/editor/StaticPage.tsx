import './styles/editor.css';
import { createElement, Fragment, type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import * as Y from 'yjs';
import { BODY_FIELD, TITLE_FIELD } from '../sync';
import { calloutKind, isImageUrl } from './schema/blocks';

/** Nested deeper than this, a stranger's document is shown flat. */
const DEPTH_MAX = 60;

const TAGS: Record<string, string> = {
  paragraph: 'p',
  bulletList: 'ul',
  orderedList: 'ol',
  listItem: 'li',
  taskItem: 'li',
  blockquote: 'blockquote',
  tableRow: 'tr',
  tableHeader: 'th',
  tableCell: 'td',
  details: 'div',
  detailsSummary: 'p',
  detailsContent: 'div',
};

const MARK_TAGS: Record<string, string> = {
  bold: 'strong',
  italic: 'em',
  strike: 's',
  underline: 'u',
  code: 'code',
  highlight: 'mark',
  insertion: 'ins',
  deletion: 'del',
};

function Text({ text }: { text: Y.XmlText }): ReactNode {
  const runs = text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[];
  return runs.map((run, index) => {
    if (typeof run.insert !== 'string') return null;
    let node: ReactNode = run.insert;
    for (const [key, value] of Object.entries(run.attributes ?? {})) {
      const href = (value as { href?: unknown } | null)?.href;
      if (key === 'link' && typeof href === 'string' && /^(https?|mailto):/i.test(href)) {
        node = (
          <a href={href} rel="noopener noreferrer nofollow" target="_blank">
            {node}
          </a>
        );
      } else if (MARK_TAGS[key] !== undefined) node = createElement(MARK_TAGS[key], null, node);
    }
    return <Fragment key={index}>{node}</Fragment>;
  });
}

function Children({ of, depth }: { of: Y.XmlFragment; depth: number }): ReactNode {
  return of.toArray().map((child, index) => <Element key={index} type={child} depth={depth} />);
}

/** Every known name as its tag; an unknown one as a box that keeps its text in view. */
function Element({ type, depth }: { type: unknown; depth: number }): ReactNode {
  const { t } = useTranslation();
  if (type instanceof Y.XmlText) return <Text text={type} />;
  if (!(type instanceof Y.XmlElement) || depth > DEPTH_MAX) return null;
  const attributes = type.getAttributes() as Record<string, unknown>;
  const children = <Children of={type} depth={depth + 1} />;
  switch (type.nodeName) {
    case 'heading':
      return createElement(`h${Math.min(6, Math.max(1, Number(attributes.level) || 1))}`, null, children);
    case 'taskList':
      return <ul data-type="taskList">{children}</ul>;
    case 'codeBlock':
      return (
        <pre>
          <code>{children}</code>
        </pre>
      );
    case 'table':
      return (
        <div className="table-scroller">
          <table>
            <tbody>{children}</tbody>
          </table>
        </div>
      );
    case 'callout':
      return (
        <aside className="callout" data-callout={calloutKind(attributes.kind)}>
          {children}
        </aside>
      );
    case 'image': {
      const source = String(attributes.src ?? '');
      return isImageUrl(source) ? (
        <img src={source} alt={String(attributes.alt ?? '')} referrerPolicy="no-referrer" loading="lazy" />
      ) : null;
    }
    case 'horizontalRule':
      return <hr />;
    case 'hardBreak':
      return <br />;
    case 'inlineMath':
      return <code>{String(attributes.latex ?? '')}</code>;
    case 'blockMath':
      return <pre>{String(attributes.latex ?? '')}</pre>;
    case 'mention':
      return <span className="mention">@{String(attributes.label ?? attributes.id ?? '')}</span>;
    default: {
      const tag = TAGS[type.nodeName];
      if (tag !== undefined) return createElement(tag, null, children);
      return (
        <div className="unknown" title={t('editor.unknown')} data-unknown={type.nodeName}>
          {children}
        </div>
      );
    }
  }
}

/** The page as it stands, drawn without an editor, for when an editor would damage it. Follows later changes. */
export function StaticPage({ doc }: { doc: Y.Doc }) {
  const [, redraw] = useState(0);
  useEffect(() => {
    const onUpdate = (): void => redraw((count) => count + 1);
    doc.on('update', onUpdate);
    return () => doc.off('update', onUpdate);
  }, [doc]);
  return (
    <>
      <h1 className="title">
        <div className="title-text">
          <Children of={doc.getXmlFragment(TITLE_FIELD)} depth={0} />
        </div>
      </h1>
      <div className="body">
        <div className="prose" data-testid="static-body" dir="auto">
          <Children of={doc.getXmlFragment(BODY_FIELD)} depth={0} />
        </div>
      </div>
    </>
  );
}

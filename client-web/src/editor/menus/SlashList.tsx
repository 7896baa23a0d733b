import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Block } from './blocks';

export interface SlashListProps extends Record<string, unknown> {
  items: Block[];
  selected: number;
  choose: (index: number) => void;
  point: (index: number) => void;
}

export const SLASH_LIST_ID = 'slash-list';
export const slashOptionId = (name: string): string => `slash-${name}`;

export function SlashList({ items, selected, choose, point }: SlashListProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[selected]?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  if (items.length === 0) return <div className="slash slash-none">{t('editor.slash.none')}</div>;
  return (
    <div
      className="slash"
      role="listbox"
      id={SLASH_LIST_ID}
      aria-label={t('editor.slash.label')}
      ref={list}
      tabIndex={-1}
    >
      {items.map((block, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the editor, which keeps the focus
        <div
          key={block.name}
          id={slashOptionId(block.name)}
          role="option"
          tabIndex={-1}
          aria-selected={index === selected}
          className="slash-item"
          onMouseMove={() => index !== selected && point(index)}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(index)}
        >
          <span className="slash-icon">
            <block.icon size={18} aria-hidden />
          </span>
          <span className="slash-text">
            <span className="slash-name">{t(`editor.block.${block.name}`)}</span>
            <span className="slash-hint">{t(`editor.hint.${block.name}`)}</span>
          </span>
        </div>
      ))}
    </div>
  );
}

import { Extension } from '@tiptap/core';
import { PluginKey } from '@tiptap/pm/state';
import { ReactRenderer } from '@tiptap/react';
import { Suggestion, type SuggestionProps } from '@tiptap/suggestion';
import { type Block, findBlocks } from './blocks';
import { SLASH_LIST_ID, SlashList, type SlashListProps, slashOptionId } from './SlashList';

/** The menu's life: drawn by React, steered by the editor's keys, because the caret stays in the text. */
class SlashMenu {
  private renderer: ReactRenderer<unknown, SlashListProps> | null = null;
  private unmount: (() => void) | null = null;
  private props: SuggestionProps<Block> | null = null;
  private selected = 0;

  start(props: SuggestionProps<Block>): void {
    this.props = props;
    this.selected = 0;
    this.renderer = new ReactRenderer(SlashList, { editor: props.editor, props: this.listProps(props) });
    this.renderer.element.classList.add('floating');
    this.unmount = props.mount(this.renderer.element);
    this.describe();
  }

  update(props: SuggestionProps<Block>): void {
    this.props = props;
    this.select(Math.min(this.selected, Math.max(0, props.items.length - 1)));
  }

  exit(): void {
    const dom = this.props?.editor.isDestroyed === false ? this.props.editor.view.dom : null;
    dom?.removeAttribute('aria-activedescendant');
    dom?.removeAttribute('aria-controls');
    this.unmount?.();
    this.renderer?.destroy();
    this.unmount = null;
    this.renderer = null;
    this.props = null;
  }

  key(event: KeyboardEvent): boolean {
    const items = this.props?.items ?? [];
    if (items.length === 0 || event.isComposing) return false;
    if (event.key === 'ArrowDown') this.select((this.selected + 1) % items.length);
    else if (event.key === 'ArrowUp') this.select((this.selected + items.length - 1) % items.length);
    else if (event.key === 'Enter' || event.key === 'Tab') this.choose(this.selected);
    else return false;
    return true;
  }

  private select(index: number): void {
    this.selected = index;
    if (this.props !== null) this.renderer?.updateProps(this.listProps(this.props));
    this.describe();
  }

  private choose(index: number): void {
    const block = this.props?.items[index];
    if (block !== undefined) this.props?.command(block);
  }

  private listProps(props: SuggestionProps<Block>): SlashListProps {
    return {
      items: props.items,
      selected: this.selected,
      choose: (index) => this.choose(index),
      point: (index) => this.select(index),
    };
  }

  /** The focus stays in the text; this tells a screen reader which entry the keys are on. */
  private describe(): void {
    const props = this.props;
    if (props === null) return;
    const { dom } = props.editor.view;
    const block = props.items[this.selected];
    dom.setAttribute('aria-controls', SLASH_LIST_ID);
    if (block === undefined) dom.removeAttribute('aria-activedescendant');
    else dom.setAttribute('aria-activedescendant', slashOptionId(block.name));
  }
}

/** Typing a slash opens the list of blocks. */
export const SlashCommands = Extension.create({
  name: 'slashCommands',
  addProseMirrorPlugins() {
    return [
      Suggestion<Block>({
        editor: this.editor,
        pluginKey: new PluginKey('slashCommands'),
        char: '/',
        container: '#content',
        allow: ({ state }) => !state.selection.$from.parent.type.spec.code,
        items: ({ query }) => findBlocks(query),
        command: ({ editor, range, props }) => void props.insert(editor, range),
        render: () => {
          const menu = new SlashMenu();
          return {
            onStart: (props) => menu.start(props),
            onUpdate: (props) => menu.update(props),
            onExit: () => menu.exit(),
            onKeyDown: ({ event }) => menu.key(event),
          };
        },
      }),
    ];
  },
});

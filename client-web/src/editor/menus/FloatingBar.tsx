import { autoUpdate, computePosition, flip, offset, type Placement, shift } from '@floating-ui/dom';
import { type ReactNode, useEffect, useRef } from 'react';
import { createPortal } from 'react-dom';

/**
 * A bar beside something in the text. Positioned by us rather than by an editor plugin: registering a plugin later on
 * makes every other plugin, the document's binding among them, start over.
 */
export function FloatingBar(props: {
  label: string;
  /** Where it stands, asked anew whenever anything moves; null while there is no such place. */
  anchor: () => DOMRect | null;
  context: Element;
  placement: Placement;
  role?: 'toolbar' | 'tooltip';
  children: ReactNode;
}) {
  const bar = useRef<HTMLDivElement>(null);
  const { anchor, context, placement } = props;
  useEffect(() => {
    const element = bar.current;
    if (element === null) return;
    const reference = {
      contextElement: context,
      getBoundingClientRect: () => anchor() ?? new DOMRect(),
    };
    const place = async (): Promise<void> => {
      if (anchor() === null) return;
      const { x, y } = await computePosition(reference, element, {
        placement,
        strategy: 'fixed',
        middleware: [offset(8), flip({ padding: 8 }), shift({ padding: 8 })],
      });
      element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      element.style.visibility = 'visible';
    };
    return autoUpdate(reference, element, () => void place());
  }, [anchor, context, placement]);
  return createPortal(
    <div
      ref={bar}
      className="floating floating-bar"
      {...(props.role === 'tooltip' ? { role: 'tooltip' } : { role: 'toolbar', 'aria-label': props.label })}
      style={{ visibility: 'hidden' }}
    >
      {props.children}
    </div>,
    // Within the page's main part, so that it is found where the text is.
    document.getElementById('content') ?? document.body,
  );
}

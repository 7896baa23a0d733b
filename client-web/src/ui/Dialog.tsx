import { Modal, type ModalProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A dialog with a title and a way out. What is in it is left out of the document's own landmarks. */
export function Dialog({
  title,
  children,
  ...props
}: Pick<ModalProps, 'opened' | 'onClose' | 'size' | 'children' | 'closeOnClickOutside' | 'returnFocus'> & {
  title: string;
}) {
  const { t } = useTranslation();
  return (
    <Modal.Root {...props}>
      <Modal.Overlay />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title dir="auto">{title}</Modal.Title>
          <Modal.CloseButton aria-label={t('do.close')} />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

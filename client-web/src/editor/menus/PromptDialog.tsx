import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { isImageUrl } from '../schema/blocks';
import { type Answer, onQuestion, openQuestion } from './prompt';

export default function PromptDialog() {
  const { t } = useTranslation();
  const open = useSyncExternalStore(onQuestion, openQuestion);
  const close = (): void => open?.answer(null);
  return (
    <Modal
      opened={open !== null}
      onClose={close}
      title={open === null ? '' : t(`editor.${open.question.kind}.title`)}
      closeButtonProps={{ 'aria-label': t('editor.cancel') }}
      returnFocus={false}
      size="sm"
      centered
    >
      {open?.question.kind === 'image' && <ImageForm answer={open.answer} />}
      {open?.question.kind === 'math' && <MathForm latex={open.question.latex} answer={open.answer} />}
    </Modal>
  );
}

type Give = (answer: Answer | null) => void;

function Form({ submit, cancel, children }: { submit: () => void; cancel: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <form
      className="prompt"
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      {children}
      <div className="prompt-actions">
        <Button variant="default" onClick={cancel}>
          {t('editor.cancel')}
        </Button>
        <Button type="submit">{t('editor.image.insert')}</Button>
      </div>
    </form>
  );
}

function ImageForm({ answer }: { answer: Give }) {
  const { t } = useTranslation();
  const [src, setSrc] = useState('');
  const [alt, setAlt] = useState('');
  const [bad, setBad] = useState(false);
  const submit = (): void => {
    const address = src.trim();
    if (/^https?:\/\//i.test(address) && isImageUrl(address))
      answer({ kind: 'image', src: address, alt: alt.trim() });
    else setBad(true);
  };
  return (
    <Form submit={submit} cancel={() => answer(null)}>
      <TextInput
        data-autofocus
        type="url"
        label={t('editor.image.address')}
        placeholder="https://"
        value={src}
        error={bad ? t('editor.image.bad') : undefined}
        onChange={(event) => {
          setBad(false);
          setSrc(event.currentTarget.value);
        }}
      />
      <TextInput
        label={t('editor.image.alt')}
        description={t('editor.image.altHelp')}
        value={alt}
        onChange={(event) => setAlt(event.currentTarget.value)}
      />
    </Form>
  );
}

function MathForm({ latex, answer }: { latex: string; answer: Give }) {
  const { t } = useTranslation();
  const [source, setSource] = useState(latex);
  return (
    <Form submit={() => answer({ kind: 'math', latex: source.trim() })} cancel={() => answer(null)}>
      <Textarea
        data-autofocus
        label={t('editor.math.latex')}
        placeholder="e^{i\pi} + 1 = 0"
        rows={3}
        value={source}
        onChange={(event) => setSource(event.currentTarget.value)}
      />
    </Form>
  );
}

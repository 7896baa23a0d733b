import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '../ui/Notice';

export function BrokenNotice() {
  const { t } = useTranslation();
  return (
    <main className="lone">
      <Notice tone="bad" title={t('broken.title')} text={t('broken.text')} level={1}>
        <Button onClick={() => window.location.reload()}>{t('broken.reload')}</Button>
        <Button variant="default" component="a" href="/">
          {t('broken.home')}
        </Button>
      </Notice>
    </main>
  );
}

/** The last resort: says that the text is safe, and offers a way out. */
export class Broken extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <BrokenNotice /> : this.props.children;
  }
}

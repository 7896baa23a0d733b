import { IconUserQuestion } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { Suspense, use, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { SelectionTool } from '../../editor/menus/FormatBar';
import { writtenInSelection } from '../../editor/written';
import type { Session } from '../../sync';
import { PagePartsContext } from './parts';

/** The question that can be asked about any selected text. */
export function useWhoWrote(session: Session): SelectionTool | undefined {
  const { t } = useTranslation();
  const parts = use(PagePartsContext);
  const navigate = useNavigate();
  return useMemo(() => {
    if (parts === null) return undefined;
    return {
      label: t('history.whoWrote'),
      icon: <IconUserQuestion size={17} />,
      panel: (editor, close) => (
        <Suspense fallback={null}>
          <parts.WhoWrote
            session={session}
            written={writtenInSelection(editor)}
            close={close}
            show={(seq) => {
              close();
              void navigate({ to: '.', search: { history: seq } });
            }}
          />
        </Suspense>
      ),
    };
  }, [parts, session, navigate, t]);
}

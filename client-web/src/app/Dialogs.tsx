import { lazy, Suspense, useSyncExternalStore } from 'react';
import { closeDialog, type Dialog, getDialog, onDialog } from '../wiki/dialogs';

const MoveDialog = lazy(() => import('../features/tree/MoveDialog'));
const TemplateDialog = lazy(() => import('../features/tree/TemplateDialog'));
const IconDialog = lazy(() => import('../features/icon/IconDialog'));
const NewSpaceDialog = lazy(() => import('../features/space/NewSpaceDialog'));
const SignOutDialog = lazy(() => import('./SignOutDialog'));
const ShareDialog = lazy(() => import('../features/share/ShareDialog'));

function draw(dialog: Dialog) {
  switch (dialog.kind) {
    case 'move':
      return <MoveDialog key={dialog.page} pageId={dialog.page} close={closeDialog} />;
    case 'icon':
      return <IconDialog key={dialog.page} pageId={dialog.page} close={closeDialog} />;
    case 'share':
      return <ShareDialog key={dialog.page} pageId={dialog.page} close={closeDialog} />;
    case 'template':
      return <TemplateDialog key={dialog.space} space={dialog.space} close={closeDialog} />;
    case 'newSpace':
      return <NewSpaceDialog close={closeDialog} />;
    case 'signOut':
      return <SignOutDialog close={closeDialog} />;
  }
}

/** The dialogs that any view may open, each fetched when it is first wanted. */
export function Dialogs() {
  const dialog = useSyncExternalStore(onDialog, getDialog);
  if (dialog === null) return null;
  return <Suspense fallback={null}>{draw(dialog)}</Suspense>;
}

import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/Dialog';
import { IconPicker } from '../../ui/icon/IconPicker';

export function SignDialog(props: {
  hasIcon: boolean;
  choose: (icon: string | null) => void;
  close: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog opened onClose={props.close} title={t('space.icon')} size="sm">
      <IconPicker
        hasIcon={props.hasIcon}
        choose={(icon) => {
          props.close();
          props.choose(icon);
        }}
      />
    </Dialog>
  );
}

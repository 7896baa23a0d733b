import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../ui/Dialog';

/** Asks once more before something that cannot be taken back. */
export function Confirm(props: {
  title: string;
  text: string;
  label: string;
  close: () => void;
  confirm: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog opened onClose={props.close} title={props.title}>
      <p>{props.text}</p>
      <div className="form-end">
        <Button data-autofocus variant="default" onClick={props.close}>
          {t('do.cancel')}
        </Button>
        <Button
          color="red"
          onClick={() => {
            props.close();
            props.confirm();
          }}
        >
          {props.label}
        </Button>
      </div>
    </Dialog>
  );
}

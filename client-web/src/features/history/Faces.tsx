import { useTranslation } from 'react-i18next';
import { inkOn } from '../../sync';
import { initials } from '../../ui/initials';
import { usePast } from './context';
import { nameless } from './who';

/** What someone is called here, also when they never said. */
export function useNames(): (key: string | null) => string {
  const { t } = useTranslation();
  const { who } = usePast();
  return (key) => who.nameOf(key) ?? t(nameless(key));
}

/** The people of a session, small and overlapping; their names stand beside them or in what is read out. */
export function SmallFaces({ keys }: { keys: readonly string[] }) {
  const { who } = usePast();
  const nameOf = useNames();
  return (
    <span className="past-faces" aria-hidden>
      {keys.map((key) => {
        const color = who.colorOf(key);
        return (
          <span
            key={key}
            className="past-face"
            style={{ background: color, color: inkOn(color) }}
            data-initials={initials(nameOf(key))}
          />
        );
      })}
    </span>
  );
}

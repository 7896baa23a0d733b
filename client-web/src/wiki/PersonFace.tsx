import type { Person } from '../api/people';
import { inkOn } from '../sync/person';
import { initials } from '../ui/initials';

/** Somebody's picture, or their initials on their colour. Decoration: their name stands beside it. */
export function PersonFace({
  person,
  size = 26,
}: {
  person: Pick<Person, 'name' | 'color' | 'picture'>;
  size?: number;
}) {
  const { name, color, picture } = person;
  const style = { width: size, height: size, fontSize: size * 0.38 };
  if (picture !== null) {
    return <img className="person-face" src={picture} alt="" style={style} width={size} height={size} />;
  }
  return (
    <span
      className="person-face"
      aria-hidden
      style={{ ...style, background: color, color: inkOn(color) }}
      data-initials={initials(name)}
    />
  );
}

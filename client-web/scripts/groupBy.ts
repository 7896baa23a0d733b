// Vitest's report of failed tests asks for Map.groupBy, which Node 20 does not have yet; without it a failure would be
// hidden behind an error of the reporter.
type GroupBy = <K, T>(items: Iterable<T>, key: (item: T, index: number) => K) => Map<K, T[]>;

const map = Map as unknown as { groupBy?: GroupBy };

map.groupBy ??= (items, key) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const name = key(item, index);
    index += 1;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
};

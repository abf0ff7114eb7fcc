/**
 * Keeps texts in a column apart.
 *
 * @module
 */

/** Where the column is, in pixels. */
export interface Column {
  top: number;
  bottom: number;
}

/** Texts that touch each other: they stand together around the middle of where they belong. */
interface Group {
  members: number[];
  /** Sum of what their middle would be by each of them. */
  middles: number;
}

/**
 * Moves heights apart, as little as that takes, in their order.
 *
 * @param wanted in pixels, in any order
 * @param gap what has to be between two of them at least; less where the column is too short
 * @returns as `wanted`
 */
export function spread(wanted: readonly number[], gap: number, column: Column): number[] {
  const room = (column.bottom - column.top) / Math.max(wanted.length - 1, 1);
  const apart = Math.min(gap, room);
  const half = ({ members }: Group) => (members.length - 1) * apart / 2;
  const middle = (group: Group) =>
    Math.min(
      Math.max(group.middles / group.members.length, column.top + half(group)),
      column.bottom - half(group),
    );
  const groups: Group[] = [];
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!);
  for (const i of order) {
    let group: Group = { members: [i], middles: wanted[i]! };
    for (let before = groups.at(-1); before; before = groups.at(-1)) {
      if (middle(before) + half(before) + apart <= middle(group) - half(group)) break;
      groups.pop();
      const members = [...before.members, ...group.members];
      group = { members, middles: before.middles + group.middles };
    }
    groups.push(group);
  }
  const heights = wanted.slice();
  for (const group of groups) {
    group.members.forEach((i, place) => {
      heights[i] = middle(group) - half(group) + place * apart;
    });
  }
  return heights;
}

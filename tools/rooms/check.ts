/**
 * What is wrong with the order of the rooms: arrows that lead upwards, circles, long files.
 *
 * @module
 */
import { type Floor, FLOORS, ROOF, type Room } from "./plan.ts";

/** Longest file, in lines. */
export const MAX_LINES = 400;

/** A file of this project. */
export interface SourceFile {
  /** From the project's root. */
  readonly path: string;
  readonly lines: number;
  /** Files that it imports or starts, types too, from the project's root. */
  readonly imports: readonly string[];
  /** Whether it has an import that says only when the program runs what it imports. */
  readonly importsUnknown?: boolean;
}

/** @returns a line for each thing that is wrong, in the order of the files */
export function checkRooms(files: readonly SourceFile[], floors = FLOORS): string[] {
  return [
    ...files.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) =>
      `${path} has ${lines} lines: ${MAX_LINES} are allowed`
    ),
    ...files.filter(({ path, importsUnknown }) => importsUnknown && roomOf(path, floors) !== ROOF)
      .map(({ path }) => `${path} has an import of an unknown module: a text in quotes is allowed`),
    ...files.flatMap((file) => arrowsOf(file, floors)),
    ...circlesIn(files).map((circle) => `circle: ${[...circle, circle[0]].join(" -> ")}`),
  ];
}

/** The room that a file is in; null where it has none. */
export function roomOf(path: string, floors: readonly Floor[] = FLOORS): Room | null {
  if (path.endsWith("_test.ts")) return ROOF;
  let found: Room | null = null;
  let longest = 0;
  for (const room of [ROOF, ...floors.flat()]) {
    for (const part of room.paths) {
      const fits = part.endsWith("/") ? path.startsWith(part) : path === part;
      if (fits && part.length > longest) [found, longest] = [room, part.length];
    }
  }
  return found;
}

function arrowsOf({ path, imports }: SourceFile, floors: readonly Floor[]): string[] {
  const from = roomOf(path, floors);
  if (!from) return [`${path} is in no room: give it one in tools/rooms/plan.ts`];
  if (from === ROOF) return [];
  const floorOf = (room: Room) => floors.findIndex((floor) => floor.includes(room));
  return imports.flatMap((other) => {
    const to = roomOf(other, floors);
    if (to === from || to === null) return [];
    const arrow = `${path} -> ${other}: ${from.name} may not use ${to.name}`;
    if (to === ROOF) return [`${arrow}, which only tests may use`];
    if (floorOf(to) > floorOf(from)) return [];
    const where = floorOf(to) === floorOf(from) ? "beside" : "above";
    return [`${arrow}, which stands ${where} it`];
  });
}

/** Files that import each other round about, the shortest way round from each first file. */
function circlesIn(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const circles: string[][] = [];
  const inCircle = new Set<string>();
  for (const { path } of files) {
    if (inCircle.has(path)) continue;
    const circle = wayBack(path, imports);
    if (!circle) continue;
    circles.push(circle);
    for (const member of circle) inCircle.add(member);
  }
  return circles;
}

/** The shortest way from a file to itself, without its end. */
function wayBack(
  start: string,
  imports: ReadonlyMap<string, readonly string[]>,
): string[] | null {
  const from = new Map<string, string>();
  const queue = [start];
  for (let path; (path = queue.shift()) !== undefined;) {
    for (const next of imports.get(path) ?? []) {
      if (next === start) {
        const way = [path];
        for (let at = path; at !== start;) way.unshift(at = from.get(at)!);
        return way;
      }
      if (from.has(next)) continue;
      from.set(next, path);
      queue.push(next);
    }
  }
  return null;
}

/**
 * The rooms as a picture: docs/architecture.md shows it.
 *
 * @module
 */
import { roomOf, type SourceFile } from "../rooms/check.ts";
import { markdownTable } from "./markdown_table.ts";
import { FLOORS, ROOF, type Room } from "../rooms/plan.ts";

/** Which rooms each room uses by itself. */
function usesOf(files: readonly SourceFile[]): Map<Room, Set<Room>> {
  const uses = new Map<Room, Set<Room>>(FLOORS.flat().map((room) => [room, new Set()]));
  for (const { path, imports } of files) {
    const from = roomOf(path);
    if (!from || from === ROOF) continue;
    for (const other of imports) {
      const to = roomOf(other);
      if (to && to !== from && to !== ROOF) uses.get(from)!.add(to);
    }
  }
  return uses;
}

/**
 * A flow chart in Mermaid's language: an arrow from each room to those that it uses, without those
 * that another way leads to.
 */
export function picture(files: readonly SourceFile[]): string {
  const uses = usesOf(files);
  const rooms = FLOORS.flat();
  const idOf = (room: Room) => `r${rooms.indexOf(room)}`;
  const lines = rooms.map((room) => `  ${idOf(room)}["${room.name}"]`);
  for (const room of rooms) {
    for (const used of uses.get(room)!) {
      const isSeen = [...uses.get(room)!].some((other) =>
        other !== used && reaches(uses, other, used)
      );
      if (!isSeen) lines.push(`  ${idOf(room)} --> ${idOf(used)}`);
    }
  }
  return ["```mermaid", "flowchart TD", ...lines, "```"].join("\n");
}

function reaches(uses: ReadonlyMap<Room, ReadonlySet<Room>>, from: Room, to: Room): boolean {
  return [...uses.get(from)!].some((next) => next === to || reaches(uses, next, to));
}

/** The rooms from the top, with what they hold and the number of their files. */
export function table(files: readonly SourceFile[]): string {
  const rows = FLOORS.flat().map((room) => {
    const count = files.filter(({ path }) => roomOf(path) === room).length;
    return [`\`${room.name}\``, room.holds, String(count)];
  });
  return markdownTable(["room", "what is in it", "files"], rows);
}

/** What stands between two marks of a page is made anew; the rest is written by hand. */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- ${name}: made by deno task docs -->`, `<!-- ${name}: end -->`];
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end);
    if (from < begin.length || to < from) throw new Error(`${name} has no place in the page`);
    return `${text.slice(0, from)}\n\n${part}\n\n${text.slice(to)}`;
  }, page);
}

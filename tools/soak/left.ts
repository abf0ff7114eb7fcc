/**
 * What two processes use after a part of their connections and at the end, and whether anything is
 * left of those in between.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { sprintf } from "../../common/base/std.ts";
import { mebibytes, type Usage } from "./usage.ts";

/**
 * From here on memory is judged: in shorter runs heaps have not settled, and a DTLS listener has not
 * yet met the 4096 addresses that it remembers after the first tenth.
 */
export const JUDGED_CONNECTIONS = 50_000;

/**
 * How much resident memory may grow after the first tenth, as a part or in bytes: malloc(3) keeps what
 * was in use when most handshakes were under way at a time.
 */
const ALLOWED_GROWTH = { part: 0.1, bytes: 16_000_000 } as const;
/**
 * How much may what is in use, which is exact after a collection. A DTLS listener's heap goes up and
 * down by 1 MB, as addresses are remembered one by one and forgotten all at once. It is 22 bytes for
 * each of 90,000.
 */
const ALLOWED_BYTES = 2_000_000;
/** OpenSSL's own caches move by some blocks. */
export const ALLOWED_BLOCKS = 100;

/** What both ends use. */
export type Both = readonly [client: Usage, listener: Usage & { sessions: number }];

const ENDS = ["client", "listener"] as const;
const COUNTED = { live: "SSL objects", descriptors: "descriptors", timers: "timers" } as const;

/** What there has to be as much of as before. */
export function differences(before: Both, after: Both): string[] {
  return ENDS.flatMap((end, i) =>
    Object.entries(COUNTED).flatMap(([name, what]) => {
      const [was, is] = [before, after].map((both) => both[i]![name as keyof typeof COUNTED]);
      return was === is ? [] : [`${is} ${what} of the ${end}, ${was} before`];
    })
  );
}

/** Lines of what both ends use. */
export function show(first: Both, end: Both): string {
  let lines =
    "first four in MiB   resident   heap  extern  malloc  SSLs  descr.  timers   blocks\n";
  for (const [i, name] of ENDS.entries()) {
    for (const [when, both] of [["first tenth", first], ["end", end]] as const) {
      const { live, descriptors, timers, blocks, ...used } = both[i]!;
      const { rssBytes, heapBytes, externalBytes, mallocBytes } = used;
      const malloc = mallocBytes === null ? "-" : mebibytes(mallocBytes).toFixed(2);
      lines += sprintf(
        "%-8s %-11s %7.1f %6.2f %7.2f %7s %5d %7d %7d %8s\n",
        ...[name, when, ...[rssBytes, heapBytes, externalBytes].map(mebibytes)],
        ...[malloc, live, descriptors, timers, String(blocks ?? "-")],
      );
    }
  }
  return lines;
}

/**
 * Whether something is left of what came after the first tenth of so many connections.
 *
 * @throws {RunError} saying what
 */
export function judge(first: Both, end: Both, connections: number): void {
  const wrong = differences(first, end);
  for (const [i, name] of ENDS.entries()) {
    const [was, is] = [first[i]!, end[i]!];
    if ((is.blocks ?? 0) - (was.blocks ?? 0) > ALLOWED_BLOCKS) {
      wrong.push(`${is.blocks} blocks of OpenSSL's at the ${name}, ${was.blocks} before`);
    }
    if (connections < JUDGED_CONNECTIONS) continue;
    const most = Math.max(was.rssBytes * ALLOWED_GROWTH.part, ALLOWED_GROWTH.bytes);
    const grown = {
      heap: is.heapBytes + is.externalBytes - was.heapBytes - was.externalBytes,
      "malloc(3)": (is.mallocBytes ?? 0) - (was.mallocBytes ?? 0),
    };
    if (is.rssBytes - was.rssBytes > most) {
      wrong.push(`the ${name}'s resident memory has grown by more than 10 % and 16 MB`);
    }
    for (const [what, bytes] of Object.entries(grown)) {
      if (bytes > ALLOWED_BYTES) wrong.push(`the ${name}'s ${what} has grown by ${bytes} bytes`);
    }
  }
  if (wrong.length > 0) throw new RunError(wrong.join("; "));
}

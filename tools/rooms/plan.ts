/**
 * The rooms of this project, from the roof to the cellar: what a room may use stands below it.
 *
 * @module
 */

/** A folder, or some files, with one purpose. */
export interface Room {
  readonly name: string;
  /** What is in it. */
  readonly holds: string;
  /** Folders (with a slash at their end) and files; the longest that fits a file has it. */
  readonly paths: readonly string[];
}

/** Rooms on one floor do not use each other. */
export type Floor = readonly Room[];

function room(name: string, holds: string, ...paths: string[]): Room {
  return { name, holds, paths: paths.length > 0 ? paths : [`${name}/`] };
}

/**
 * The roof: tests, those that run for hours (fuzz, siege, soak) too, and what only they use. They may
 * use everything, and nothing uses them.
 */
export const ROOF: Room = room(
  "tests",
  "tests, and what only tests use",
  "common/testing/",
  "tools/report/testing/",
  "tools/report/testdata/",
  ...["tools/fuzz.ts", "tools/fuzz/", "tools/siege.ts", "tools/siege/"],
  ...["tools/soak.ts", "tools/soak/"],
);

/** From the top. */
export const FLOORS: readonly Floor[] = [
  [
    room("examples", "short programs that use the library"),
    room("tools", "commands that people start, one file each", "tools/", "bench.ts"),
  ],
  [room("tools/docs", "the parts of docs/ that are made from the code")],
  [room("tools/rooms", "the check of this order")],
  [
    room("tools/netpairs", "the one program: its commands, help and completions"),
    room("tools/run_all", "all lanes in turn, and their results"),
    room("tools/capture", "what a lane puts on the wire, as tshark sees it"),
    room("tools/bench", "what a message is made of"),
    room("tools/test_libssl", "suites of Debian that have newer versions of libssl"),
  ],
  [room("tools/agent", "lanes' servers that another machine asks for")],
  [room("tools/report", "pages, tables and comparisons of results")],
  [room("tools/remote", "programs to other machines over ssh, and results from them")],
  [room("tools/lib", "starting programs, and folders of results")],
  [room("certs", "making certificates")],
  [
    room("tcp", "the pair on TCP"),
    room("udp", "the pair on UDP"),
    room("tls", "the pair on TLS"),
    room("dtls", "the pair on DTLS"),
  ],
  [
    room(
      "common/cli",
      "options, help, output, the script around an exchange",
      "common/cli/",
      "common/mod.ts",
    ),
  ],
  [room("common/blocking", "exchanges on the system's own calls, and their warm-up")],
  [room("common/exchange", "messages and answers: the loops of a client and of a server")],
  [
    room("dtls/lib", "the DTLS library", "dtls/lib/", "dtls/mod.ts"),
    room("tls/lib", "the TLS library", "tls/lib/", "tls/mod.ts"),
  ],
  [room("common/secure", "TLS and DTLS sessions driven over any socket; many on one socket")],
  [room("common/openssl", "TLS and DTLS sessions, free of I/O, and what they are set to")],
  [room("common/openssl/bindings", "libssl and libcrypto: functions, memory, errors, callbacks")],
  [room("common/pem", "certificates and keys, read and judged")],
  [room("common/deno", "Deno's and Node's sockets")],
  [room("common/posix", "libc")],
  [room("common/measure", "clock, statistics, log of steps, result document")],
  [room("common/model", "protocol, lane, plan, message")],
  [room("common/settings", "settings checked when the program runs")],
  [room("common/base", "errors, addresses, deadlines, buffers, output")],
];

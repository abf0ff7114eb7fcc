/** `--key-log` and SSLKEYLOGFILE: what is in the file, who may read it, and what is no place for it. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "../common/testing/assert.ts";
import { type Lane, permissionsOf } from "../common/model/lanes.ts";
import {
  assertOneLine,
  laneNamed,
  lanesBesideSpin,
  SPINNING,
  Workplace,
} from "../common/testing/pairs.ts";
import { hostScripts } from "../common/testing/script_hosts.ts";
import { NO_SMALL_DISK, smallDisk } from "../common/testing/small_disk.ts";

const MESSAGES = 3;
const SMALL = ["--sizes", "100", "--repeat", String(MESSAGES)];

/** What each handshake adds. */
const LABELS = {
  dtls: ["CLIENT_RANDOM"],
  tls: [
    ...["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET"],
    ...["SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"],
  ],
};

/** A label, the client's random, a secret. */
const LINE = /^([A-Z_0-9]+) [0-9a-f]{64} [0-9a-f]{64,96}$/;

const isSecure = ({ engine }: Lane) => engine === "openssl";

const lanes = [...lanesBesideSpin(), ...SPINNING].filter(isSecure);
const dtls = laneNamed("dtls-sync-openssl");
hostScripts(lanes);

/** Its lines, without those that another run has left. */
function readLines(path: string): string[] {
  const text = Deno.readTextFileSync(path);
  assert(text === "" || text.endsWith("\n"), "the last line is whole");
  return text.split("\n").slice(0, -1);
}

/** A run has the keys of its own handshakes, not those of a warm-up. */
function assertKeys({ protocol }: Lane, lines: readonly string[], handshakes: number): void {
  for (const line of lines) assertMatch(line, LINE);
  const labels = lines.map((line) => LINE.exec(line)![1]!).sort();
  const once = LABELS[protocol as "tls" | "dtls"];
  assertEquals(labels, once.flatMap((label) => Array(handshakes).fill(label)));
}

function assertPrivate(path: string): void {
  if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
}

for (const lane of lanes) {
  Deno.test(`${lane.name} writes the same key log at both ends, for the owner alone`, async () => {
    await using place = await Workplace.make();
    const files = { client: place.path("client keys"), server: place.path("server keys") };
    const { client, server } = await place.pair(lane, SMALL, {
      client: ["--key-log", files.client],
      server: ["--key-log", files.server],
    });
    for (const [role, { code, stderr }] of Object.entries({ client, server })) {
      assertEquals(code, 0, stderr);
      const path = files[role as "client" | "server"];
      assertStringIncludes(stderr, `warning: the traffic can be read with ${path}, which takes`);
      assertKeys(lane, readLines(path), MESSAGES);
      assertPrivate(path);
    }
    assertEquals(readLines(files.client).sort(), readLines(files.server).sort());
  });
}

Deno.test("--key-log adds to a key log, of both ends in one file, too", async () => {
  await using place = await Workplace.make();
  const path = place.path("keys");
  // As of a program that does not end its last line.
  Deno.writeTextFileSync(path, "# by hand\n\nCLIENT_RANDOM 00ff aa55", { mode: 0o644 });
  const { client, server } = await place.pair(dtls, [...SMALL, "--key-log", path]);
  assertEquals([client.code, server.code], [0, 0], client.stderr + server.stderr);
  const lines = readLines(path);
  assertEquals(lines.slice(0, 3), ["# by hand", "", "CLIENT_RANDOM 00ff aa55"]);
  assertKeys(dtls, lines.slice(3), 2 * MESSAGES);
  assertPrivate(path);
});

Deno.test("--key-log leaves a file that holds something else as it is", async () => {
  await using place = await Workplace.make();
  const foreign = ["-----BEGIN PRIVATE KEY-----\n", "CLIENT_RANDOM 00 11\nand more\n", "\x00\xff"];
  for (const role of ["client", "server"] as const) {
    for (const text of foreign) {
      const path = place.path("notes");
      Deno.writeTextFileSync(path, text, { mode: 0o640 });
      const ending = await place.run(dtls, role, [...SMALL, "--key-log", path]);
      assertOneLine(
        ending,
        2,
        /^error: --key-log .*notes: its line [12] is none of a key log; name another file$/,
      );
      assertEquals(Deno.readTextFileSync(path), text);
      if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
    }
  }
});

Deno.test("--key-log names a folder, one that is not there, and a device", async () => {
  await using place = await Workplace.make();
  const isFull = Deno.build.os === "linux";
  const places: [string, RegExp][] = [
    [place.dir, /^error: cannot write .*: Is a directory/],
    [place.path("none/keys"), /^error: cannot write .*: no such folder$/],
    ...(isFull
      ? [
        ["/dev/full", /^error: cannot write \/dev\/full: it is no file that can be added to$/] as [
          string,
          RegExp,
        ],
      ]
      : []),
  ];
  for (const role of ["client", "server"] as const) {
    for (const [path, line] of places) {
      // Deno lets a script at a device that has all permissions.
      const changes = path.startsWith("/dev") ? { permissions: ["--allow-all"] } : {};
      assertOneLine(await place.run(dtls, role, [...SMALL, "--key-log", path], changes), 1, line);
    }
  }
});

Deno.test("--key-log asks for the permissions it needs", async () => {
  await using place = await Workplace.make();
  const path = place.path("keys");
  const args = [...SMALL, "--key-log", path];
  const needed = permissionsOf(
    dtls,
    ["ca", "client-cert", "client-key"].map((name) => place.path(`${name}.pem`)).join(),
  );
  const none = await place.run(dtls, "client", args, { permissions: needed });
  assertOneLine(none, 1, /^error: permission missing: write access to .*keys; .* --allow-write$/);
  const changes = { permissions: [...needed, `--allow-write=${path}`] };
  const { port } = await place.serve(dtls, SMALL);
  const first = await place.run(dtls, "client", [...args, "--port", String(port)], changes);
  assertEquals(first.code, 0, first.stderr);
  assertKeys(dtls, readLines(path), MESSAGES);
  const second = await place.run(dtls, "client", args, changes);
  assertOneLine(second, 1, /^error: permission missing: read access to .*keys; .* --allow-read$/);
});

for (const name of ["dtls-sync-openssl", "tls-async-openssl"]) {
  Deno.test(`${name} keeps the keys where SSLKEYLOGFILE says, and warns of it`, async () => {
    await using place = await Workplace.make();
    const lane = laneNamed(name);
    const path = place.path("keys");
    const permissions = [
      ...permissionsOf(lane, place.dir),
      ...["--allow-env=SSLKEYLOGFILE", `--allow-write=${path}`, "--allow-sys=hostname,cpus"],
    ];
    const changes = { permissions, env: { SSLKEYLOGFILE: path } };
    const { port } = await place.serve(lane, SMALL);
    const { code, stderr } = await place.run(
      ...[lane, "client"] as const,
      [...SMALL, "--port", String(port)],
      changes,
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, `warning: the traffic can be read with ${path}, which takes`);
    assertKeys(lane, readLines(path), MESSAGES);
    assertPrivate(path);
  });
}

Deno.test({
  name: "SSLKEYLOGFILE that names a device leaves it to all",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using place = await Workplace.make();
    // Deno looks at devices for programs with every permission alone.
    const modeOf = async () => {
      const { stdout } = await new Deno.Command("bash", { args: ["-c", "stat -c %a /dev/full"] })
        .output();
      return new TextDecoder().decode(stdout).trim();
    };
    const mode = await modeOf();
    assertMatch(mode, /^\d+$/);
    const { port } = await place.serve(dtls, SMALL);
    const args = [...SMALL, "--port", String(port)];
    const changes = { permissions: ["--allow-all"], env: { SSLKEYLOGFILE: "/dev/full" } };
    const { code, stderr } = await place.run(dtls, "client", args, changes);
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /^SSLKEYLOGFILE: cannot write \/dev\/full: it is no file that can be a/m);
    assertEquals(await modeOf(), mode);
  },
});

Deno.test("tls-async-rustls says that SSLKEYLOGFILE gets no keys", async () => {
  await using place = await Workplace.make();
  const lane = laneNamed("tls-async-rustls");
  const path = place.path("keys");
  const allowed = ["--allow-env=SSLKEYLOGFILE", `--allow-write=${path}`];
  const permissions = [...permissionsOf(lane, place.dir), ...allowed];
  const { port } = await place.serve(lane, SMALL);
  const args = [...SMALL, "--port", String(port)];
  const env = { SSLKEYLOGFILE: path };
  const ending = await place.run(lane, "client", args, { permissions, env });
  assertOneLine(
    ending,
    0,
    /^SSLKEYLOGFILE: Deno's own TLS \(rustls\) tells no keys; --engine open/,
  );
});

Deno.test({
  name: `--key-log on a disk that is full fails the run${
    NO_SMALL_DISK ? ` (${NO_SMALL_DISK})` : ""
  }`,
  ignore: NO_SMALL_DISK !== null,
  async fn() {
    await using place = await Workplace.make();
    const folder = place.path("disk");
    Deno.mkdirSync(folder);
    await using _disk = await smallDisk(folder, "size=4k");
    const lane = laneNamed("tls-sync-openssl");
    // A page of memory holds the lines of four handshakes.
    const args = ["--sizes", "100", "--repeat", "10"];
    const { client } = await place.pair(lane, args, {
      client: ["--key-log", `${folder}/keys`],
    });
    assertEquals(client.code, 1, client.stderr);
    assertMatch(client.stderr, /^error: .*cannot write .*keys: there is no space left on the/m);
  },
});

import { UsageError } from "../../common/base/errors.ts";
import { join, resolve } from "../../common/base/std.ts";
import { assertEquals, assertRejects, assertThrows } from "../../common/testing/assert.ts";
import { HOSTS_FILE } from "./each_machine.ts";
import { parseHosts, readHosts } from "./hosts.ts";

Deno.test("parseHosts() reads machines, and files beside its own", () => {
  const machines = parseHosts(
    `hosts:
  - host: Box.example
    role: server
  - host: "[2001:db8:0::1]"
    role: client
    name: far
    user: measure
    port: 2222
    identityFile: keys/id
    knownHostsFile: ~/.ssh/lab
    folder: /opt/net pairs
`,
    "lab/hosts.yaml",
  );
  assertEquals(machines, [
    { host: "Box.example", role: "server", name: "Box.example", folder: "netpairs" },
    {
      host: "2001:db8::1",
      role: "client",
      name: "far",
      user: "measure",
      port: 2222,
      identityFile: resolve("lab", "keys/id"),
      knownHostsFile: "~/.ssh/lab",
      folder: "/opt/net pairs",
    },
  ]);
});

Deno.test("parseHosts() reads what the help and the document show", async () => {
  const inHelp = HOSTS_FILE.slice(HOSTS_FILE.indexOf("  hosts:"));
  const document = await Deno.readTextFile("docs/two_machines.md");
  const inDocument = /```yaml\n(.*?)```/s.exec(document)![1]!;
  assertEquals(parseHosts(inHelp, "help").map(({ name }) => name), ["server.example"]);
  assertEquals(parseHosts(inDocument, "page").map(({ name }) => name), ["server.example", "lab"]);
});

Deno.test("parseHosts() makes a folder's name of an address", () => {
  const [machine] = parseHosts("hosts: [{host: '::1', role: client}]", "hosts.yaml");
  assertEquals([machine!.host, machine!.name], ["::1", "__1"]);
});

const ENTRY = "  - host: a\n    role: server\n";
const ENTRY_RULE = "an object with host and role and name and user and port and identityFile and " +
  "knownHostsFile and folder";

/** What is refused, and the end of the line that says why. */
const WRONG: Record<string, [yaml: string, message: string]> = {
  "nothing": ["", "h.yaml: the document must be an object with hosts, not null"],
  "no hosts": ["hosts: []", "h.yaml: hosts must have 1 entries at least"],
  "an unknown key": ["host: a", "h.yaml: line 1: unknown key; did you mean hosts?"],
  "an unknown key of a host": [
    `hosts:\n${ENTRY}    folders: x\n`,
    "h.yaml: line 4: unknown key; did you mean folder?",
  ],
  "no role": [
    "hosts: [{host: a}]",
    `h.yaml: hosts[0].role is missing; it must be "client" or "server"`,
  ],
  "a list of names": ["hosts: [a]", `h.yaml: hosts[0] must be ${ENTRY_RULE}, not a text`],
  "a host like an option": [
    "hosts: [{host: -oProxyCommand=x, role: server}]",
    'h.yaml: hosts[0].host "-oProxyCommand=x" is neither a host name nor an IPv4 or IPv6 address',
  ],
  "a user in the host": [
    "hosts: [{host: me@box, role: server}]",
    'h.yaml: hosts[0].host "me@box" is neither a host name nor an IPv4 or IPv6 address',
  ],
  "a user like an option": [
    `hosts:\n${ENTRY}    user: -x\n`,
    "h.yaml: hosts[0].user must be a user's name of letters, digits and . _ - + @ \\, not beginning " +
    "with a dash",
  ],
  "a port out of range": [
    `hosts:\n${ENTRY}    port: 65536\n`,
    "h.yaml: hosts[0].port must be a whole number from 1 to 65535, not 65536",
  ],
  "a folder of another user": [
    `hosts:\n${ENTRY}    folder: ~root/x\n`,
    "h.yaml: hosts[0].folder must be a folder's path without ~user and line breaks",
  ],
  "a folder with a line break": [
    `hosts:\n${ENTRY}    folder: "a\\nb"\n`,
    "h.yaml: hosts[0].folder must be a folder's path without ~user and line breaks",
  ],
  "a name that leads out": [
    `hosts:\n${ENTRY}    name: ../x\n`,
    "h.yaml: hosts[0].name must be 1 to 64 letters, digits and . _ - (not . or - first)",
  ],
  "one name twice": [
    `hosts:\n${ENTRY}  - host: A\n    role: client\n`,
    'h.yaml: hosts[1] has the name of hosts[0], A: give one of them another "name"',
  ],
  "too many": [`hosts:\n${ENTRY.repeat(65)}`, "h.yaml: at most 64 hosts"],
};

for (const [what, [yaml, message]] of Object.entries(WRONG)) {
  Deno.test(`parseHosts() refuses ${what}`, () => {
    const error = assertThrows(() => parseHosts(yaml, "h.yaml"), UsageError);
    assertEquals(error.message.replace(/^Cannot use /, ""), message);
  });
}

Deno.test("readHosts() says which file cannot be read", async () => {
  const path = join("nowhere", "hosts.yaml");
  const error = await assertRejects(() => readHosts(path), UsageError);
  assertEquals(error.message, `cannot read ${path}: no such file`);
});

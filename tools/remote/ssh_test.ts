import { assert, assertEquals } from "../../common/testing/assert.ts";
import { failureOf, quote, remotePath, scpSource, sshCommand, sshOptions } from "./ssh.ts";

const REMOTE = { host: "box", folder: "x" };

Deno.test("quote() keeps a word whole, whatever is in it", () => {
  assertEquals(quote('it\'s $(x) "y" `z` \\ *'), `'it'\\''s $(x) "y" \`z\` \\ *'`);
  assertEquals(quote(""), "''");
});

Deno.test("remotePath() gives paths that are no options, and finds the user's home", () => {
  assertEquals(["/opt/x", "-rf", "a b", "~/x", "~"].map(remotePath), [
    ...["/opt/x", "./-rf", "./a b", "./x", "."],
  ]);
});

Deno.test("scpSource() escapes what a shell or a pattern sees more in than a name", () => {
  assertEquals(scpSource(REMOTE, "./a b/*'[x]"), "box:./a\\ b/\\*\\'\\[x\\]");
  assertEquals(scpSource({ ...REMOTE, host: "fe80::1%eth0" }, "/x"), "[fe80::1%eth0]:/x");
});

Deno.test("sshOptions() checks host keys, asks nothing, and names files in quotes", () => {
  const options = sshOptions({
    ...REMOTE,
    user: "DOMAIN\\me",
    port: 2222,
    identityFile: '/k/my "key" 100%',
    knownHostsFile: "/k/known hosts",
  }, 1500);
  const wanted = ["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=2", "Port=2222"];
  wanted.push('User="DOMAIN\\\\me"', 'IdentityFile="/k/my \\"key\\" 100%%"');
  wanted.push('UserKnownHostsFile="/k/known hosts"', "IdentitiesOnly=yes");
  for (const option of wanted) {
    const at = options.indexOf(option);
    assertEquals(options[at - 1], "-o", option);
  }
});

Deno.test("sshCommand() gives the host after the end of the options, and one command", () => {
  const args = sshCommand(REMOTE, 1000, 'echo "$1"', ["./it's"]);
  assertEquals(args.slice(-3), ["--", "box", `exec sh -c 'echo "$1"' 'sh' './it'\\''s'`]);
});

/** What ssh, scp or a program there says, and what is told of it. */
const SAID: readonly [stderr: string, told: string][] = [
  ["ssh: Could not resolve hostname box: Name or service not known\r\n", "no such host name"],
  [
    "ssh: connect to host box port 22: Connection refused\r\n",
    "connection refused; is sshd running there?",
  ],
  ["ssh: connect to host box port 22: Connection timed out\r\n", "it does not answer in time"],
  ["Timeout, server box not responding.\r\n", "it does not answer in time"],
  [
    "ssh: connect to host box port 22: No route to host\r\n",
    "there is no way to it in the network",
  ],
  [
    "tar: ./a: Cannot write: No space left on device\ntar: Exiting with failure status due to previous errors\n",
    "no space left for x",
  ],
  ["tar: ./a: Odd\ntar: Error is not recoverable: exiting now\n", "tar: ./a: Odd"],
  ["client_loop: send disconnect: Broken pipe\r\n", "the connection was lost"],
  ["/usr/bin/scp: Connection closed\n", "the connection was lost"],
  ["sh: sftp-server: not found\nscp: Connection closed\n", "sh: sftp-server: not found"],
  ["odd \x1b[31m\n", "odd \\x1b[31m"],
  ["", "ended with exit code 7, without a word"],
];

for (const [stderr, told] of SAID) {
  Deno.test(`failureOf() makes of ${JSON.stringify(stderr)}: ${told}`, () => {
    assertEquals(failureOf({ code: 7, stderr }, REMOTE).message, told);
  });
}

Deno.test("failureOf() tells a host key that changed from one that is not known", () => {
  const changed = failureOf({
    code: 255,
    stderr:
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\n...\r\nHost key verification failed.\r\n",
  }, REMOTE).message;
  assert(changed.startsWith("its host key is not the known one: "), changed);
});

/**
 * Files to another machine: one tar archive through ssh, unpacked beside where the files belong. They
 * get their names when all of them are there.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { visibleLine } from "../../common/base/visible.ts";
import type { Remote } from "./hosts.ts";
import { CERTS_THERE, type Part } from "./parcel.ts";
import { endOf, failureOf, type Patience, remotePath, sshCommand, startTool } from "./ssh.ts";

/**
 * What runs on the other machine: $1 is the folder, $2 the number of files. Of an archive that was cut
 * off between two files tar says nothing, so they are counted.
 */
const UNPACK = [
  "set -e; umask 077",
  'mkdir -p "$1"; cd "$1"; here=$(pwd)',
  "new=$(mktemp -d ./.netpairs-push.XXXXXX)",
  `trap 'rm -rf "$here/$new"' EXIT; trap 'exit 1' HUP INT PIPE TERM`,
  'cd "$new"; tar -xof -',
  'if [ $(find . -type f | wc -l) -ne "$2" ]; then echo "the copy was interrupted" >&2; exit 1; fi',
  // From here on it is brought to its end.
  "trap '' HUP INT PIPE TERM; chmod -R go-rwx .",
  `mkdir -p ${CERTS_THERE}; for f in ./*.pem; do mv "$f" ${CERTS_THERE}; done`,
  `find . -type d -exec sh -c 'for d do mkdir -p "../$d" || exit 1; done' sh {} +`,
  `find . -type f -exec sh -c 'for f do mv -f "$f" "../$f" || exit 1; done' sh {} +`,
].join("; ");

/**
 * Copies files into the remote folder. Those that are there are replaced, others stay. For files of
 * the folder itself that end in `.pem`, {@linkcode CERTS_THERE} is the place.
 *
 * @throws {RunError} saying why it failed; then no file is there in part
 */
export async function pushTo(
  remote: Remote,
  parts: readonly Part[],
  { timeoutMs, signal }: Patience,
): Promise<void> {
  const count = parts.reduce((sum, { names }) => sum + names.length, 0);
  const words = [remotePath(remote.folder), String(count)];
  const ssh = startTool("ssh", sshCommand(remote, timeoutMs, UNPACK, words), signal, {
    stdin: "piped",
  });
  const [unpacked, packed] = await Promise.all([endOf(ssh), pack(parts, ssh, signal)]);
  signal.throwIfAborted();
  if (packed !== null) throw packed;
  if (unpacked.code !== 0) throw failureOf(unpacked, remote);
}

/** @returns why the archive could not be made; null where it could, or ssh ended before it */
async function pack(
  parts: readonly Part[],
  ssh: Deno.ChildProcess,
  signal: AbortSignal,
): Promise<Error | null> {
  try {
    // Before a name a "./", so that none is an option.
    const files = parts.flatMap(({ folder, names }) => ["-C", folder, ...names.map(inFolder)]);
    const tar = startTool("tar", ["-chf", "-", ...files], signal, { stdout: "piped" });
    const isTaken = tar.stdout.pipeTo(ssh.stdin).then(() => true, () => false);
    const { code, stderr } = await endOf(tar);
    if (!await isTaken || code === 0) return null;
    return new RunError(visibleLine(`cannot pack the files: ${stderr.split("\n", 1)[0]}`));
  } catch (error) {
    await ssh.stdin.abort().catch(() => {});
    return error as Error;
  }
}

function inFolder(name: string): string {
  return `./${name}`;
}

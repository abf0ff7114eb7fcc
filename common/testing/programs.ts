/**
 * The programs that tests talk to. Where one is missing, its tests are ignored, and programs_test.ts
 * says so: once, and what to install.
 *
 * @module
 */
import { join } from "../base/std.ts";

/** What to install on Debian and Ubuntu for each. */
export const PACKAGES = {
  openssl: "openssl",
  "gnutls-cli": "gnutls-bin",
  "gnutls-serv": "gnutls-bin",
  chromium: "chromium",
  ssh: "openssh-client",
  scp: "openssh-client",
  sshd: "openssh-server",
  bash: "bash",
  zsh: "zsh",
} as const;

/** Name of one of them. */
export type Program = keyof typeof PACKAGES;

/** Where a program is; null where it is missing. */
export function findProgram(program: Program): string | null {
  const isWindows = Deno.build.os === "windows";
  // A user's own path may not have the folder of the servers.
  const folders = [...(Deno.env.get("PATH") ?? "").split(isWindows ? ";" : ":"), "/usr/sbin"];
  const paths = folders.map((folder) => join(folder, isWindows ? `${program}.exe` : program));
  return paths.find((path) => isFile(path)) ?? null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

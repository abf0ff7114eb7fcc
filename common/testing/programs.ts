/**
 * The programs that tests talk to. Where one is missing, its tests are ignored, and programs_test.ts
 * says so: once, and what to install.
 *
 * @module
 */
import { join } from "../base/std.ts";

/** Where each comes from, on Debian and Ubuntu. */
export const ORIGINS = {
  openssl: "apt install openssl",
  "gnutls-cli": "apt install gnutls-bin",
  "gnutls-serv": "apt install gnutls-bin",
  chromium: "apt install chromium",
  ssh: "apt install openssh-client",
  scp: "apt install openssh-client",
  sshd: "apt install openssh-server",
  bash: "apt install bash",
  zsh: "apt install zsh",
  jq: "apt install jq",
  gnuplot: "apt install gnuplot-nox",
  python3: "apt install python3",
  duckdb: "duckdb.org",
  tshark: "apt install tshark",
  "coap-client-openssl": "apt install libcoap3-bin",
  "coap-server-openssl": "apt install libcoap3-bin",
  "coap-client-gnutls": "apt install libcoap3-bin",
  "coap-server-gnutls": "apt install libcoap3-bin",
  rsyslogd: "apt install rsyslog rsyslog-openssl",
  cc: "apt install gcc libc6-dev",
  node: "apt install nodejs",
  tcpdump: "apt install tcpdump",
  editcap: "apt install wireshark-common",
  sslscan: "apt install sslscan",
} as const;

/** Name of one of them. */
export type Program = keyof typeof ORIGINS;

/** Where a program is; null where it is missing. */
export function findProgram(program: Program): string | null {
  const isWindows = Deno.build.os === "windows";
  // A user's own path may not have the folder of the servers.
  const folders = [...(Deno.env.get("PATH") ?? "").split(isWindows ? ";" : ":"), "/usr/sbin"];
  // Deno itself, which its tasks find as "node" where no Node is.
  const others = folders.filter((folder) => !/[\\/]node_compat_bin$/.test(folder));
  const paths = others.map((folder) => join(folder, isWindows ? `${program}.exe` : program));
  return paths.find((path) => isFile(path)) ?? null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

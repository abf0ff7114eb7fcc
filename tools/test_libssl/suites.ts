/**
 * Which of Debian's suites has which libssl.
 *
 * @module
 */

/** In the project's folder: a folder for each version. `deno task clean` removes it. */
export const SUITES_FOLDER = ".libssl";

/** A version of libssl, and where it comes from. */
export interface Suite {
  /** Names of suites, the one with the most packages first. */
  readonly suites: readonly string[];
  /** The package of the library. */
  readonly library: string;
  /** File name of the library, for NETPAIRS_LIBSSL. */
  readonly file: string;
}

/** By version. */
export const SUITES = {
  "3.5": { suites: ["trixie"], library: "libssl3t64", file: "libssl.so.3" },
  "3.6": { suites: ["sid"], library: "libssl3t64", file: "libssl.so.3" },
  "4.0": { suites: ["sid", "experimental"], library: "libssl4", file: "libssl.so.4" },
} as const satisfies Record<string, Suite>;

/** A version that there is a suite for. */
export type Version = keyof typeof SUITES;

/** All versions, the oldest first. */
export const VERSIONS = Object.keys(SUITES) as Version[];

/**
 * What tests start, as far as it is small; tests of other programs say that these are missing.
 * base-files has the links that all others are unpacked through.
 */
const PROGRAMS = [
  ...["base-files", "libc-bin", "bash", "dash", "coreutils", "grep", "sed", "findutils", "tar"],
  ...["util-linux", "mount", "iproute2", "gnutls-bin", "openssh-client", "openssh-server", "zsh"],
];

/** What is unpacked for a version, with all that it depends on. */
export function packagesOf({ library }: Suite): string[] {
  // Experimental's own program wants more than sid has.
  return [library, ...PROGRAMS, "openssl"];
}

/**
 * The version of a package, of the names of files that have been downloaded.
 *
 * @param files such as "libssl4_4.0.3-1_amd64.deb"
 * @returns such as "4.0.3"; null where there is no such file
 */
export function versionIn(files: readonly string[], library: string): string | null {
  const file = files.find((name) => name.startsWith(`${library}_`));
  return file?.slice(library.length + 1).match(/^(?:\d+%3a)?(\d+\.\d+\.\d+)/)?.[1] ?? null;
}

/**
 * What a key exchange costs both ends together: whole handshakes of TLS 1.3 in memory, which differ in
 * their group alone. X25519MLKEM768 is the one that quantum computers do not break.
 *
 * @module
 */
import { say } from "../../common/base/say.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { hasGroup } from "../../common/openssl/groups.ts";
import { connected, type Contexts, contexts } from "./ends.ts";
import type { Need } from "./obstacles.ts";

/** The groups that are compared, the one that most connections use first. */
export const COMPARED_GROUPS = ["X25519", "P-256", "P-384", "X25519MLKEM768"] as const;

/**
 * Registers the group "key exchange".
 *
 * @param whyNot what is not there on this machine, see {@linkcode Need}
 */
export function registerKeyExchange(whyNot: (need: Need) => string | null): void {
  const isMissing = whyNot("OpenSSL") !== null;
  for (const group of COMPARED_GROUPS) {
    const lacks = !isMissing && !hasGroup(loadOpenSsl(), group);
    if (lacks) {
      say(`skipped: key exchange ${group}: ${loadOpenSsl().versionText} has no such group`);
    }
    let both: Contexts | undefined;
    addEventListener("unload", () => both?.[Symbol.dispose]());
    Deno.bench({
      name: `key exchange ${group}: TLS 1.3 handshake with a PSK`,
      group: "key exchange",
      baseline: group === COMPARED_GROUPS[0],
      ignore: isMissing || lacks,
      fn: () => {
        both ??= contexts(false, { groups: group, minVersion: "TLSv1.3" });
        connected(both)[Symbol.dispose]();
      },
    });
  }
}

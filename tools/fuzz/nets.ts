/**
 * The networks that rounds run on: what a session is set to is what a stranger's bytes get to.
 *
 * @module
 */
import { assert } from "../../common/testing/assert.ts";
import { KEY, pskOptions } from "../../common/testing/psk.ts";
import type { VirtualNetOptions } from "../../common/testing/virtual_net.ts";

/** Every message is handed over with a name and a time that make sense. */
const traced = {
  onHandshakeMessage: ({ name, us }: { name: string; us: number }) => {
    assert(name.length > 0 && us >= 0, `${name} after ${us} us`);
  },
};

const { client, server } = pskOptions(true, () => KEY);

/** All kinds, by their names. */
export const NETS: Readonly<Record<string, VirtualNetOptions>> = {
  mutual: {},
  "small MTU": { mtu: 256, recordsApart: true },
  "pre-shared key": { client, server },
  traced: { client: traced, server: traced },
  "without tickets": { server: { sessionTickets: false } },
};

/** The one that the round of a seed runs on: whoever runs it, each kind of round on each. */
export function netOf(seed: number): string {
  const all = Object.keys(NETS);
  return all[seed % all.length]!;
}

import { generateCertificates } from "../../certs/generate.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { testCertificates } from "../testing/certs.ts";
import { byChance } from "../testing/fates.ts";
import {
  forAll,
  type VirtualNet,
  virtualNet,
  type VirtualNetOptions,
} from "../testing/virtual_net.ts";

/** The least that OpenSSL can do with, Ethernet's, and the most that UDP can carry: RFC 768. */
const MTUS = [256, 300, 512, 1024, 1400, 4096, 16_384, 65_507];

const KEYS = {
  "P-256": () => testCertificates(),
  "RSA-2048": () => rsaCertificates ??= generateCertificates({ keyType: "rsa2048" }),
} as const;

let rsaCertificates: ReturnType<typeof generateCertificates> | undefined;

async function options(keys: keyof typeof KEYS, mtu: number): Promise<VirtualNetOptions> {
  const { ca, server, client } = await KEYS[keys]();
  const caCerts = [ca];
  return { mtu, server: { caCerts, ...server }, client: { caCerts, ...client } };
}

function assertKept(net: VirtualNet, mtu: number): void {
  assertEquals(net.outcome, "established/established");
  const longest = Math.max(...net.sent.map(({ bytes }) => bytes.length));
  assert(longest <= mtu, `${longest} bytes`);
}

for (const keys of ["P-256", "RSA-2048"] as const) {
  for (const mtu of MTUS) {
    Deno.test(`handshake() keeps to an MTU of ${mtu} (${keys})`, async () => {
      using net = await virtualNet(await options(keys, mtu));
      await net.connect();
      assertKept(net, mtu);
      assert(await net.talk(), "a message did not arrive as it was");
    });
  }

  Deno.test(`handshake() keeps to its MTU where flights are sent again (${keys})`, async () => {
    for (const mtu of MTUS) {
      const seeds = [1, 2, 3, 4, 5].map((seed) => ({ mtu, seed }));
      await forAll(seeds, await options(keys, mtu), async (net, { seed }) => {
        net.fate = byChance({ lose: 0.2, double: 0.1, reorder: 0.2 }, seed);
        await net.connect();
        assertKept(net, mtu);
        assert(await net.talk(), "a message did not arrive as it was");
      });
    }
  });

  Deno.test(`handshake() keeps to its MTU where a session is resumed (${keys})`, async () => {
    for (const mtu of MTUS) {
      using net = await virtualNet(await options(keys, mtu));
      await net.connect(await net.session());
      assertKept(net, mtu);
      assert(net.client.session!.resumed, "it was not resumed");
    }
  });
}

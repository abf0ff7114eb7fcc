/** Revoked certificates, and the system's authorities. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "../testing/assert.ts";
import { makeChain } from "../testing/authority_chain.ts";
import { memoryNet } from "../testing/memory_net.ts";
import { testCertificates } from "../testing/certs.ts";
import { type ProtocolName, PROTOCOLS, resumptionBench } from "../testing/resumption.ts";
import { RevokingAuthority } from "../testing/revoking.ts";
import { parsePem } from "../pem/blocks.ts";
import { PemError } from "../pem/errors.ts";
import { CertificateError } from "./bindings/errors.ts";
import { loadOpenSsl } from "./bindings/library.ts";
import { trustSystem } from "./system_authorities.ts";

// Opened before the first test, whose leak it would be for the sanitizer.
const lib = loadOpenSsl();

const root = await RevokingAuthority.make("root");
const middle = await RevokingAuthority.make("middle", root);
const [server, client, other] = [
  await middle.issue("server"),
  await middle.issue("client"),
  await middle.issue("client"),
];
const none = await root.crl([]);
const caCerts = [root.cert];

/** What an end shows. */
function shown({ cert, key }: { cert: string; key: string }) {
  return { cert: cert + middle.cert, key };
}

/** Who is revoked, or what is missing; what the end says that looks it up; what the other one says. */
const LISTS: [string, () => Promise<string[]>, RegExp | null, RegExp?][] = [
  ["nobody is revoked", async () => [none, await middle.crl([other])], null],
  [
    "the peer is revoked",
    async () => [none + await middle.crl([other, client, server])],
    /: the peer's certificate has been revoked/,
    /: the peer refused: certificate revoked$/,
  ],
  [
    "the peer's authority is revoked",
    async () => [await root.crl([{ serialNumber: "01" }]), await middle.crl([])],
    /: the peer's certificate has been revoked/,
    /: the peer refused: certificate revoked$/,
  ],
  [
    "the peer's authority has no list",
    () => Promise.resolve([none]),
    /: an authority that it comes from has no list among crls/,
  ],
  ["the root has no list", async () => [await middle.crl([])], /has no list among crls/],
  [
    "a list is overdue",
    async () => [none, await middle.crl([], -1)],
    /: the list in crls .* is overdue for a newer one$/,
  ],
  [
    "a list was not signed by its authority",
    async () => [none, await (await RevokingAuthority.make("middle")).crl([])],
    /: the peer's certificate is refused: CRL signature failure$/,
  ],
];

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";
  for (const role of ["client", "server"] as const) {
    for (const [what, lists, refusal, alert] of LISTS) {
      Deno.test(`a ${protocol} ${role} with crls: ${what}`, async () => {
        const crls = await lists();
        using net = await memoryNet({
          datagram,
          client: { caCerts, ...shown(client!), ...role === "client" ? { crls } : {} },
          server: { caCerts, ...shown(server!), ...role === "server" ? { crls } : {} },
        });
        net.run();
        const { error } = net[role];
        if (refusal === null) return assertEquals(error ?? net.server.error, null);
        assertInstanceOf(error, CertificateError);
        assertMatch(error.message, refusal);
        const peer = net[role === "client" ? "server" : "client"];
        if (alert) assertMatch((peer.error as Error).message, alert);
      });
    }
  }
}

for (const protocol of Object.keys(PROTOCOLS) as ProtocolName[]) {
  for (const sessionTickets of [true, false]) {
    const how = sessionTickets ? "its ticket" : "the cache";
    Deno.test(`a client that is revoked does not resume: ${protocol}, ${how}`, async () => {
      const crls = [none, await middle.crl([])];
      using bench = await resumptionBench(
        protocol,
        { caCerts, ...shown(server!), crls, sessionTickets },
        { caCerts, ...shown(client!) },
      );
      using session = bench.connect().saved!;
      assert(bench.tell({ session }).resumed, "nobody is revoked yet");
      bench.server.setCrls([none, await middle.crl([client!])]);
      const refused = bench.tell({ session });
      assertEquals([refused.established, refused.resumed], [false, false]);
      assertInstanceOf(refused.error, CertificateError);
      bench.server.setCrls([]);
      const welcome = bench.tell();
      assertEquals([welcome.error, welcome.established], [undefined, true]);
    });
  }
}

Deno.test("a certificate that has signed itself and is believed needs no list", async () => {
  const { cert, key } = await makeChain("server", { leaf: { selfSigned: true } });
  using net = await memoryNet({
    datagram: false,
    client: { caCerts: [cert], crls: [none], cert: undefined, key: undefined },
    server: { cert, key, clientCertificate: "none" },
  });
  net.run();
  assertEquals(net.client.error, null);
  assert(net.client.established);
});

Deno.test("setCrls() refuses what is no list, and all stays as it was", async () => {
  using bench = await resumptionBench("TLS 1.3", {
    caCerts,
    ...shown(server!),
    crls: [none, await middle.crl([client!])],
  }, { caCerts, ...shown(client!) });
  const { bytes } = parsePem(none, "crl")[0]!;
  const wrong = [none.replace("M", "N"), "hello", root.cert, bytes.slice(1), bytes.slice(0, -1)];
  for (const one of wrong) {
    assertThrows(() => bench.server.setCrls([none, one]), PemError, "crls[1]");
  }
  assertInstanceOf(bench.tell().error, CertificateError);
  bench.server.setCrls([bytes, await middle.crl([])]);
  assertEquals(bench.tell().error, undefined);
});

Deno.test("setCrls() is refused where no certificate is asked for", async () => {
  using bench = await resumptionBench("TLS 1.3", { clientCertificate: "none" });
  const words = "Cannot set crls: no certificates of authorities are asked for";
  assertThrows(() => bench.server.setCrls([none]), TypeError, words);
});

for (const datagram of [true, false]) {
  const protocol = datagram ? "DTLS" : "TLS";

  Deno.test(`caCerts of a server that asks for no certificate complete its own chain (${protocol})`, async () => {
    const shown = { cert: server!.cert, key: server!.key, clientCertificate: "none" } as const;
    const client = { caCerts: [root.cert], cert: undefined, key: undefined };
    for (const [caCerts, isComplete] of [[[middle.cert], true], [[], false]] as const) {
      using net = await memoryNet({ datagram, client, server: { ...shown, caCerts } });
      net.run();
      assertEquals(net.client.established, isComplete);
    }
  });
}

/** A store of its own, for what the system believes. */
function storeWith(bundles: string[]): number {
  const store = lib.X509_STORE_new()!;
  try {
    trustSystem(lib, store, bundles);
    return lib.OPENSSL_sk_num(lib.X509_STORE_get0_objects(store));
  } finally {
    lib.X509_STORE_free(store);
  }
}

/** Runs with other places of the system's authorities. */
function withPlaces(file: string, folder: string, act: () => void): void {
  const before = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map((name) =>
    [name, Deno.env.get(name)] as const
  );
  Deno.env.set("SSL_CERT_FILE", file);
  Deno.env.set("SSL_CERT_DIR", folder);
  try {
    act();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("systemCaCerts finds a file, a folder and a usual file, and says where there is none", async () => {
  const dir = await Deno.makeTempDir();
  const { ca } = await testCertificates();
  const [file, empty, folder] = [`${dir}/all.pem`, `${dir}/empty`, `${dir}/hashed`];
  try {
    await Deno.mkdir(empty);
    await Deno.mkdir(folder);
    await Deno.writeTextFile(file, ca);
    await Deno.writeTextFile(`${folder}/0123abcd.0`, ca);
    withPlaces(file, empty, () => assertEquals(storeWith([]), 1));
    withPlaces(`${dir}/none`, folder, () => assertEquals(storeWith([]), 0));
    withPlaces(`${dir}/none`, empty, () => {
      assertEquals(storeWith([`${dir}/none`, file]), 1);
      const words = "Cannot use systemCaCerts: the system's authorities are not found";
      assertThrows(() => storeWith([`${dir}/none`]), Deno.errors.NotFound, words);
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("systemCaCerts believes the system's authorities beside caCerts", async () => {
  const dir = await Deno.makeTempDir();
  const { ca } = await testCertificates();
  const nets: Awaited<ReturnType<typeof memoryNet>>[] = [];
  try {
    await Deno.writeTextFile(`${dir}/all.pem`, ca);
    const options = await Promise.all(
      [[], [root.cert]].map((caCerts) => ({
        datagram: false,
        client: { caCerts, systemCaCerts: true },
      })),
    );
    const before = Deno.env.get("SSL_CERT_FILE");
    Deno.env.set("SSL_CERT_FILE", `${dir}/all.pem`);
    try {
      for (const one of options) nets.push(await memoryNet(one));
    } finally {
      if (before === undefined) Deno.env.delete("SSL_CERT_FILE");
      else Deno.env.set("SSL_CERT_FILE", before);
    }
    for (const net of nets) {
      net.run();
      assertEquals(net.client.error, null);
      assert(net.client.established);
    }
  } finally {
    for (const net of nets) net[Symbol.dispose]();
    await Deno.remove(dir, { recursive: true });
  }
});

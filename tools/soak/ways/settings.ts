/**
 * What contexts are made of: certificates, lists, fingerprints, algorithms, good and bad ones.
 *
 * @module
 */
import { type CertificatePair as Pair, generateCertificates } from "../../../certs/authority.ts";
import { TlsContext } from "../../../common/openssl/context.ts";
import { SelfSignedCertificate } from "../../../common/openssl/self_signed.ts";
import type { TlsContextOptions } from "../../../common/openssl/settings.ts";
import { parsePem } from "../../../common/pem/blocks.ts";
import { testCertificates } from "../../../common/testing/certs.ts";
import { encryptedKey, PASSPHRASE } from "../../../common/testing/good_settings.ts";
import { ocspResponse } from "../../../common/testing/ocsp_response.ts";
import { pkcs12 } from "../../../common/testing/pkcs12.ts";
import { type ProtocolName, resumptionBench } from "../../../common/testing/resumption.ts";
import { RevokingAuthority } from "../../../common/testing/revoking.ts";
import { meeting, NAMES, refused, type Way, type Ways } from "./meeting.ts";
import { resumed } from "./resumptions.ts";

/** All of them. */
export async function settingsWays(): Promise<Ways> {
  const each = await Promise.all(NAMES.map(async (name) => ({
    ...named(name, await listWays(name)),
    ...named(name, await checkWays(name)),
  })));
  return Object.assign({}, ...each, await fileWays());
}

function named(name: ProtocolName, ways: Ways): Ways {
  return Object.fromEntries(Object.entries(ways).map(([what, way]) => [`${name}: ${what}`, way]));
}

/** Who is revoked, by a list or by a stapled response. */
async function listWays(name: ProtocolName): Promise<Ways> {
  const root = await RevokingAuthority.make("root");
  const issued = [
    await root.issue("server"),
    await root.issue("client"),
    await root.issue("client"),
  ] as const;
  const [server, client] = issued.map(({ cert, key }) => ({ cert, key })) as [Pair, Pair];
  const caCerts = [root.cert];
  const middle = await RevokingAuthority.make("middle", root);
  const [far, near] = [await middle.issue("client"), await middle.issue("server")].map(
    ({ cert, key }) => ({ cert: cert + middle.cert, key }),
  ) as [Pair, Pair];
  const none = await root.crl([issued[2]]);
  const revoking = await root.crl([...issued]);
  const stapling = (status: "good" | "revoked" | "unknown") => ({
    client: { caCerts, ...client, ocsp: "require" },
    server: { caCerts, ...server, ocspResponse: ocspResponse(issued[0], root, status) },
  } as const);
  const both = (crls: string[]) => ({
    client: { caCerts, ...client },
    server: { caCerts, ...server, crls },
  });
  return {
    "an authority between": meeting(
      name,
      { client: { caCerts, ...far }, server: { caCerts, ...near } },
    ),
    "an authority between, among several certificates": meeting(name, {
      client: { caCerts, ...far },
      server: { caCerts, cert: undefined, key: undefined, identities: [near] },
    }),
    "a session of an authority between, written and read again": resumed(
      name,
      { caCerts, ...near },
      { client: { caCerts, ...far }, rewrites: true },
    ),
    "a list of the revoked": meeting(name, both([none])),
    "a list of the revoked, the client among them": meeting(name, both([revoking]), "failed"),
    "no list of the client's authority": meeting(name, both([]), "established"),
    "new lists": async () => {
      using bench = await resumptionBench(name, both([none]).server, both([]).client);
      bench.tell();
      bench.server.setCrls([revoking, none]);
      bench.tell();
    },
    "a stapled response": meeting(name, stapling("good")),
    "a stapled response that it is revoked": meeting(name, stapling("revoked"), "failed"),
    "a stapled response that it is unknown": meeting(name, stapling("unknown"), "failed"),
    "a stapled response that is cut off": refused(meeting(name, {
      server: { caCerts, ...server, ocspResponse: ocspResponse(issued[0], root, "good").slice(9) },
    })),
    "nothing that is stapled": meeting(name, {
      client: { caCerts, ...client, ocsp: "require" },
      server: { caCerts, ...server },
    }, "failed"),
  };
}

/** Peers judged by the program. */
async function checkWays(name: ProtocolName): Promise<Ways> {
  const mine = await SelfSignedCertificate.generate();
  const nobody = { caCerts: undefined, clientCertificate: undefined };
  const server = { ...nobody, ...mine, peerFingerprints: [mine.fingerprint] };
  const client = { caCerts: undefined, ...mine };
  const wrong = mine.fingerprint.replace(/[0-9A-F]{2}$/i, (last) => last === "00" ? "11" : "00");
  return {
    "fingerprints": meeting(name, {
      server,
      client: { ...client, peerFingerprints: [mine.fingerprint] },
    }),
    "another fingerprint": meeting(
      name,
      { server, client: { ...client, peerFingerprints: [wrong] } },
      "failed",
    ),
    "a check of the program's alone": meeting(name, {
      client: { caCerts: undefined, peerAuthentication: "verifyPeer", verifyPeer: () => {} },
    }),
    "a check of the program's": meeting(name, { client: { verifyPeer: () => {} } }),
    "a check of the program's that throws": meeting(name, {
      client: {
        verifyPeer() {
          throw new Error("no");
        },
      },
    }, "failed"),
  };
}

/** A context of a client's. */
function context(settings: Partial<TlsContextOptions>): Way {
  return () => {
    for (const datagram of [true, false]) {
      using _made = new TlsContext({ role: "client", datagram, ...settings } as TlsContextOptions);
    }
  };
}

/** Files in every form that is taken, and some that are none. */
async function fileWays(): Promise<Ways> {
  const { ca, client } = await testCertificates();
  const stranger = await testCertificates("stranger");
  const { client: ed25519 } = await generateCertificates({ keyType: "ed25519" });
  const der = (pem: string) => parsePem(pem, "the test")[0]!.bytes;
  return {
    "nothing set": context({}),
    "PEM": context({ caCerts: [ca], ...client }),
    "DER": context({ caCerts: [der(ca)], cert: der(client.cert), key: der(client.key) }),
    "an encrypted key": context({
      cert: client.cert,
      key: encryptedKey(client.key),
      keyPassphrase: PASSPHRASE,
    }),
    "an encrypted key and a wrong passphrase": refused(context({
      cert: client.cert,
      key: encryptedKey(client.key),
      keyPassphrase: "wrong",
    })),
    "PKCS#12": context({ pkcs12: pkcs12("aes"), keyPassphrase: PASSPHRASE }),
    "PKCS#12 in plain": context({ pkcs12: pkcs12("plain") }),
    "PKCS#12 and a wrong passphrase": refused(
      context({ pkcs12: pkcs12("aes"), keyPassphrase: "wrong" }),
    ),
    "PKCS#12 without a key": refused(
      context({ pkcs12: pkcs12("nokey"), keyPassphrase: PASSPHRASE }),
    ),
    "PKCS#12 without a certificate": refused(
      context({ pkcs12: pkcs12("nocert"), keyPassphrase: PASSPHRASE }),
    ),
    "PKCS#12 that is cut off": refused(
      context({ pkcs12: pkcs12("aes").slice(0, -1), keyPassphrase: PASSPHRASE }),
    ),
    "the key of another certificate": refused(
      context({ cert: client.cert, key: stranger.client.key }),
    ),
    "an Ed25519 key, which DTLS cannot use": refused(context(ed25519)),
    "a damaged certificate": refused(context({ ...client, cert: client.cert.replace("A", "B") })),
    "a damaged authority": refused(context({ caCerts: [ca.replaceAll("M", "N")] })),
    "a damaged list of the revoked": refused(context({ caCerts: [ca], crls: [ca] })),
    "unknown ciphers": refused(context({ ciphers: "NO-SUCH" })),
    "unknown cipher suites": refused(context({ cipherSuites: "NO_SUCH" })),
    "unknown groups": refused(context({ groups: "P-256:no-such" })),
    "groups": context({ groups: "P-256:P-384:P-521:X25519" }),
    "ciphers with a short tag": context({ ccm8Ciphers: true }),
    "the system's authorities": context({ systemCaCerts: true }),
    "a certificate that signs itself": () => SelfSignedCertificate.generate(),
    "a certificate that signs itself, for many names": () =>
      SelfSignedCertificate.generate({ names: ["one.example", "192.0.2.1", "2001:db8::1"] }),
    "SRTP": () => {
      using _made = new TlsContext({
        role: "client",
        datagram: true,
        srtpProfiles: "SRTP_AES128_CM_SHA1_80",
      });
    },
  };
}

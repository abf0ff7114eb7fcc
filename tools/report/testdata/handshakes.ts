/**
 * Made-up traces of handshakes, always the same: TLS 1.2, TLS 1.3 and DTLS 1.2, full and resumed, and
 * one that loses something.
 *
 * @module
 */
import type { ResultDocument, RunResult } from "../../../common/measure/result.ts";
import type { TracedHandshake } from "../../../common/measure/traced_handshake.ts";
import type { Io } from "../../../common/model/protocol.ts";
import type { HandshakeMessage } from "../../../common/model/handshake_message.ts";
import { fakeDocument, fakeRun } from "./documents.ts";

const CLIENT_PROOF = ">Certificate:890 >CertificateVerify:79";
const ANSWER = "<ApplicationData:28 >close_notify:2 <close_notify:2";
const DATA = `>ApplicationData:124 ${ANSWER}`;
const DATA_AND_TICKETS = ">ApplicationData:124 <NewSessionTicket:697 <NewSessionTicket:697 " +
  ANSWER;
const SEALED = ">ChangeCipherSpec:1 >Finished:16";
const SEALED_TOO = "<ChangeCipherSpec:1 <Finished:16";
const CHOICE_12 = "<ServerHello:65 <Certificate:936 <ServerKeyExchange:115 " +
  "<CertificateRequest:97 <ServerHelloDone:4";
const KEYS_12 = ">Certificate:885 >ClientKeyExchange:37 >CertificateVerify:80";

/** Messages in their order: ">" is sent, "<" received; "~" sent again, "@" the byte it begins at. */
const TRACES = {
  tls13: [
    ">ClientHello:232 <ServerHello:122 <ChangeCipherSpec:1 <EncryptedExtensions:6 " +
    "<CertificateRequest:96 <Certificate:941 <CertificateVerify:79 <Finished:52 " +
    `>ChangeCipherSpec:1 ${CLIENT_PROOF} >Finished:52 ${DATA_AND_TICKETS}`,
    ">ClientHello:967 <ServerHello:128 <ChangeCipherSpec:1 <EncryptedExtensions:6 <Finished:52 " +
    `>ChangeCipherSpec:1 >Finished:52 <NewSessionTicket:697 ${DATA}`,
  ],
  tls12: [
    `>ClientHello:137 ${CHOICE_12} ${KEYS_12} ${SEALED} <NewSessionTicket:650 ${SEALED_TOO} ${DATA}`,
    `>ClientHello:809 <ServerHello:85 ${SEALED_TOO} ${SEALED} ${DATA}`,
  ],
  dtls12: [
    `>ClientHello:146 <HelloVerifyRequest:47 >ClientHello:178 ${CHOICE_12} ` +
    `${KEYS_12} ${SEALED} <NewSessionTicket:650 ${SEALED_TOO} ${DATA}`,
    ">ClientHello:818 <HelloVerifyRequest:47 >ClientHello:850 " +
    `<ServerHello:93 ${SEALED_TOO} ${SEALED} ${DATA}`,
  ],
  lossy: [
    ">ClientHello:146 >ClientHello~:146 <HelloVerifyRequest:47 >ClientHello:178 <ServerHello:65 " +
    "<Certificate:500 <Certificate@488:460 <ServerKeyExchange:115 <ServerHelloDone:4 " +
    "<Certificate~:500 <Certificate~@488:460 >ClientKeyExchange:37 " +
    `${SEALED} ${SEALED_TOO} ${DATA}`,
  ],
} as const;

/** What is traced. */
export type TraceName = keyof typeof TRACES;

const VERSIONS: Readonly<Record<TraceName, string>> = {
  ...{ tls13: "TLSv1.3", tls12: "TLSv1.2", dtls12: "DTLSv1.2", lossy: "DTLSv1.2" },
};

/** The first full handshake of a trace, and the first resumed one. */
export function fakeHandshakes(name: TraceName): TracedHandshake[] {
  const isDatagram = VERSIONS[name].startsWith("DTLS");
  return TRACES[name].map((text, no) => ({
    ...{ client: 0, no, resumed: no > 0 },
    events: text.split(" ").map((word, i) => eventOf(word, i, isDatagram)),
  }));
}

function eventOf(word: string, i: number, isDatagram: boolean): HandshakeMessage {
  const [, way, name = "", again, from, bytes] = /^([<>])(\w+)(~?)@?(\d*):(\d+)$/.exec(word)!;
  const kind = name === "ChangeCipherSpec"
    ? "change_cipher_spec"
    : name === "ApplicationData"
    ? "application_data"
    : name === "close_notify"
    ? "alert"
    : "handshake";
  const isPart = isDatagram && kind === "handshake";
  // With the longer header of DTLS.
  const length = Number(bytes) + (isPart ? 8 : 0);
  return {
    ...{ us: i * 100, direction: way === ">" ? "sent" : "received", kind, name },
    ...{ bytes: length, epoch: isDatagram ? 0 : null },
    // The parts of a message have its number; nothing else of it is looked at.
    messageSeq: isPart ? (name === "Certificate" ? 100 : i) : null,
    fragment: isPart ? [Number(from), length - 12] : null,
    retransmission: again === "~",
  };
}

/** A client's run with such a trace. */
export function tracedRun(name: TraceName, io: Io = "async"): RunResult {
  const protocol = VERSIONS[name].startsWith("DTLS") ? "dtls" : "tls";
  const run = fakeRun({ protocol, io, engine: "openssl", sizes: [100], resume: true });
  const counts = { ...run.security!.handshake!, datagramsReceived: 3 };
  const resumedHandshake = { ...run.security!.resumedHandshake!, datagramsReceived: 2 };
  return {
    ...run,
    security: { ...run.security!, version: VERSIONS[name], handshake: counts, resumedHandshake },
    handshakes: fakeHandshakes(name),
  };
}

/** Every trace, and one of them on two lanes. */
export function tracedDocument(): ResultDocument {
  const names = ["tls12", "tls13", "dtls12"] as const;
  return fakeDocument([
    ...names.map((name) => tracedRun(name)),
    ...[tracedRun("dtls12", "sync"), tracedRun("lossy", "spin")],
  ]);
}

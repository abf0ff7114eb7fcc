/**
 * The messages of TLS and DTLS in what tshark says of packets.
 *
 * @module
 */
import type { HandshakeMessage } from "../model/handshake_message.ts";

/** A message as a trace tells of it, without what a capture cannot show, or shows otherwise. */
export type WireMessage = Omit<HandshakeMessage, "us" | "direction" | "retransmission"> & {
  from: "client" | "server";
};

/** Lengths in bytes: RFC 8446 4 and 6, RFC 5246 7.1, RFC 6347 4.2.2. */
const BYTES = { tlsHeader: 4, dtlsHeader: 12, alert: 2, changeCipherSpec: 1 };

/** A field of a packet, in the order of the bytes: `record.epoch`, `Epoch: 1`, `1`. */
type Field = [name: string, shown: string, value: string];

/** Its fields have one line each; those of other protocols are no part of a message. */
const FIELD = /<field name="(?:tls|dtls|tcp|udp)\.([a-z_.]+)" showname="([^"]*)".* show="([^"]*)"/g;

/** What begins a message, whose length and numbers follow. */
const BEGINNINGS = ["handshake.type", "change_cipher_spec", "alert_message.desc", "app_data"];

/**
 * The messages that a server's port has seen, in the order of the packets.
 *
 * @param pdml what `tshark -T pdml` prints: in other formats the order of messages in a packet is lost
 */
export function messagesIn(pdml: string, serverPort: number): WireMessage[] {
  return pdml.split("<packet>").slice(1).flatMap((packet) => {
    const fields = [...packet.matchAll(FIELD)]
      .map(([, name, shown, value]): Field => [name!, shown!, value!]);
    const portOf = (name: string) => Number(find(fields, name)![2]);
    if (![portOf("srcport"), portOf("dstport")].includes(serverPort)) return [];
    const from = portOf("srcport") === serverPort ? "server" : "client";
    const records = parts(fields, ["record"]);
    return records.flatMap((record) =>
      parts(record, BEGINNINGS).map((message) => ({ from, ...messageOf(record, message) } as const))
    );
  });
}

/** Fields from each that begins something up to the next such one. */
function parts(fields: readonly Field[], beginnings: readonly string[]): Field[][] {
  const starts = fields.flatMap(([name], i) => beginnings.includes(name) ? [i] : []);
  return starts.map((start, i) => fields.slice(start, starts[i + 1]));
}

function find(fields: readonly Field[], name: string): Field | undefined {
  return fields.find(([one]) => one === name);
}

function messageOf(record: readonly Field[], message: Field[]): Omit<WireMessage, "from"> {
  const [[name, shown]] = message as [Field, ...Field[]];
  const number = (fields: readonly Field[], name: string) => {
    const value = find(fields, name)?.[2];
    return value === undefined ? null : Number(value);
  };
  const epoch = number(record, "record.epoch");
  const none = { epoch, messageSeq: null, fragment: null };
  switch (name) {
    case "change_cipher_spec":
      return {
        kind: "change_cipher_spec",
        name: "ChangeCipherSpec",
        bytes: BYTES.changeCipherSpec,
        ...none,
      };
    case "alert_message.desc":
      return {
        kind: "alert",
        name: said(shown).replaceAll(" ", "_").toLowerCase(),
        bytes: BYTES.alert,
        ...none,
      };
    case "app_data": {
      const bytes = number(record, "record.length")!;
      return { kind: "application_data", name: "ApplicationData", bytes, ...none };
    }
  }
  const common = { kind: "handshake", name: said(shown).replaceAll(" ", ""), epoch } as const;
  const length = number(message, "handshake.fragment_length");
  if (length === null) {
    return { ...common, ...none, bytes: BYTES.tlsHeader + number(message, "handshake.length")! };
  }
  return {
    ...common,
    bytes: BYTES.dtlsHeader + length,
    messageSeq: number(message, "handshake.message_seq"),
    fragment: [number(message, "handshake.fragment_offset")!, length],
  };
}

/** "Client Hello" of "Handshake Type: Client Hello (1)". */
function said(shown: string): string {
  return shown.replace(/^.*: /, "").replace(/ \(\d+\)$/, "");
}

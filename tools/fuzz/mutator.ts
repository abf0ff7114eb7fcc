/**
 * Changes datagrams of DTLS from a seed: bits, lengths, numbers, fragments, and whole records.
 *
 * Half of the changes know where a field stands, so that what comes out gets past the first checks;
 * the others know nothing.
 *
 * @module
 */
import { randomNumbers } from "../../common/base/random.ts";
import {
  concatenated,
  epochOf,
  RECORD_HEADER_BYTES,
  recordLength,
} from "../../common/openssl/records.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Numbers from 0 up to 1. */
export type Random = () => number;

/** A whole number from 0 up to, and without, `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random() * end);
}

/** One of several; there is one at least. */
export function oneOf<T>(random: Random, all: readonly T[]): T {
  return all[below(random, all.length)]!;
}

/** Longest datagram that is made: what UDP carries on IPv4 (RFC 768, RFC 791). */
const MAX_DATAGRAM_BYTES = 65_507;

/** Content types of a record (RFC 5246 6.2.1, RFC 9146 6), and some that are none. */
const TYPES = [20, 21, 22, 23, 24, 25, 0x2c, 0x2f, 0, 255] as const;
/** Handshake message types: RFC 5246 7.4, RFC 6347 4.3.2, RFC 8446 4. */
const MESSAGE_TYPES = [0, 1, 2, 3, 4, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24, 254] as const;
const VERSIONS = [0xfeff, 0xfefd, 0xfefc, 0x0303, 0xfe00, 0xffff, 0] as const;
const EPOCHS = [0, 1, 2, 3, 0xffff] as const;

/** Where fields stand in a record in the clear: RFC 6347 4.1, 4.2.2, 4.2.1. */
const AT = {
  ...{ version: 1, epoch: 3, number: 5, length: 11, messageType: 13, messageLength: 14 },
  ...{ messageNo: 17, fragmentOffset: 19, fragmentLength: 22, helloVersion: 25, helloSession: 59 },
} as const;

/** Numbers that a field of so many bytes is set to: its bounds, and what is near to what it was. */
function edge(random: Random, was: number, bytes: number): number {
  const most = 2 ** (8 * bytes);
  const all = [0, 1, was - 1, was + 1, was * 2, most / 2 - 1, most / 2, most - 1];
  return (oneOf(random, all) + most) % most;
}

function readNumber(bytes: Uint8Array, at: number, length: number): number {
  return bytes.subarray(at, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
}

function writeNumber(bytes: Uint8Array, at: number, length: number, value: number): void {
  for (let i = length - 1; i >= 0 && at + i < bytes.length; i--) {
    bytes[at + i] = value % 256;
    value = Math.floor(value / 256);
  }
}

/** The records of a datagram; what is no record at its end is the last of them. */
export function recordsOf(datagram: Bytes): Bytes[] {
  const records: Bytes[] = [];
  for (let at = 0; at < datagram.length;) {
    const end = Math.min(at + recordLength(datagram, at), datagram.length);
    records.push(datagram.slice(at, end));
    at = end;
  }
  return records;
}

/** A record with one of its fields changed. */
type RecordChange = (record: Bytes, random: Random) => void;

function setField(at: number, length: number): RecordChange {
  return (record, random) => {
    writeNumber(record, at, length, edge(random, readNumber(record, at, length), length));
  };
}

/** Changes of a record's fields; those of a handshake message hit whatever stands there. */
const FIELDS: Readonly<Record<string, RecordChange>> = {
  type: (record, random) => writeNumber(record, 0, 1, oneOf(random, TYPES)),
  version: (record, random) => writeNumber(record, AT.version, 2, oneOf(random, VERSIONS)),
  epoch: (record, random) => writeNumber(record, AT.epoch, 2, oneOf(random, EPOCHS)),
  number: setField(AT.number, 6),
  length: setField(AT.length, 2),
  messageType: (record, random) =>
    writeNumber(record, AT.messageType, 1, oneOf(random, MESSAGE_TYPES)),
  messageLength: setField(AT.messageLength, 3),
  messageNo: setField(AT.messageNo, 2),
  fragmentOffset: setField(AT.fragmentOffset, 3),
  fragmentLength: setField(AT.fragmentLength, 3),
  helloVersion: (record, random) =>
    writeNumber(record, AT.helloVersion, 2, oneOf(random, VERSIONS)),
  helloSession: setField(AT.helloSession, 1),
  helloCookie: (record, random) =>
    setField(AT.helloSession + 1 + (record[AT.helloSession] ?? 0), 1)(record, random),
};

/** Cuts a message of the handshake into two records, all lengths set right but perhaps for one. */
function fragmented(record: Bytes, random: Random): Bytes[] {
  const header = RECORD_HEADER_BYTES + 12;
  if (record[0] !== 22 || epochOf(record) !== 0 || record.length < header + 2) return [record];
  const body = record.subarray(header);
  const cut = 1 + below(random, body.length - 1);
  // Fragments may overlap (RFC 6347 4.2.3); they should not leave a gap.
  const from = Math.max(0, cut + oneOf(random, [0, 0, -1, 1]));
  return [[0, cut], [from, body.length]].map(([begin, end]) => {
    const part = concatenated([record.subarray(0, header), body.subarray(begin, end)]);
    writeNumber(part, AT.length, 2, part.length - RECORD_HEADER_BYTES);
    writeNumber(part, AT.fragmentOffset, 3, begin!);
    writeNumber(part, AT.fragmentLength, 3, end! - begin!);
    return part;
  });
}

/** A change of a datagram; `others` are of other sessions, or of this one earlier. */
type Change = (datagram: Bytes, random: Random, others: readonly Bytes[]) => Bytes[];

/** All changes, by their names. */
export const CHANGES: Readonly<Record<string, Change>> = {
  flip: (datagram, random) => {
    const copy = datagram.slice();
    for (let times = 1 + below(random, 4); times > 0 && copy.length > 0; times--) {
      copy[below(random, copy.length)]! ^= 1 << below(random, 8);
    }
    return [copy];
  },
  truncate: (datagram, random) => [datagram.slice(0, below(random, datagram.length))],
  extend: (datagram, random) => {
    const most = oneOf(random, [1, 16, 300, MAX_DATAGRAM_BYTES]);
    const room = Math.max(0, Math.min(most, MAX_DATAGRAM_BYTES - datagram.length));
    return [concatenated([datagram, noise(below(random, room + 1), random)])];
  },
  duplicate: (datagram) => [datagram, datagram],
  noise: (_, random) => [noise(below(random, oneOf(random, [20, 200, 2000])), random)],
  field: (datagram, random) => {
    const records = recordsOf(datagram);
    if (records.length === 0) return [datagram];
    for (let times = 1 + below(random, 2); times > 0; times--) {
      oneOf(random, Object.values(FIELDS))(oneOf(random, records), random);
    }
    return [concatenated(records)];
  },
  fragment: (datagram, random) => {
    const parts = recordsOf(datagram).flatMap((record) => fragmented(record, random));
    if (random() < 0.3) parts.reverse();
    return random() < 0.5 ? parts : [concatenated(parts)];
  },
  reorder: (datagram) => [concatenated(recordsOf(datagram).reverse())],
  splice: (datagram, random, others) => {
    const records = [datagram, ...others.length > 0 ? [oneOf(random, others)] : []]
      .flatMap(recordsOf);
    const chosen = Array.from({ length: 1 + below(random, 4) }, () => oneOf(random, records));
    return [concatenated(chosen.filter((record) => record !== undefined))];
  },
  replay: (datagram, random, others) =>
    others.length > 0 ? [oneOf(random, others), datagram] : [datagram, datagram],
  nest: (datagram, random, others) => {
    const header = datagram.slice(0, RECORD_HEADER_BYTES);
    const [inner] = others.length > 0 ? recordsOf(oneOf(random, others)) : [];
    const shortened = (inner ?? header).slice(0, RECORD_HEADER_BYTES + below(random, 30));
    writeNumber(shortened, AT.length, 2, Math.max(0, shortened.length - RECORD_HEADER_BYTES));
    const body = concatenated([noise(oneOf(random, NESTED_AT), random), shortened]);
    writeNumber(header, AT.length, 2, body.length);
    oneOf(random, [FIELDS.version!, FIELDS.length!, FIELDS.epoch!])(header, random);
    return [concatenated([header, body])];
  },
  empty: (datagram) => {
    const copy = datagram.slice(0, RECORD_HEADER_BYTES);
    writeNumber(copy, AT.length, 2, 0);
    return [copy];
  },
};

/** Where a reader may go on that has passed over nothing but a header. */
const NESTED_AT = [0, RECORD_HEADER_BYTES, 2 * RECORD_HEADER_BYTES, 7] as const;

/** Bytes by chance, of which pieces are taken: to draw each would take longer than all else. */
let pool: Bytes | undefined;
const POOL_BYTES = 2 * MAX_DATAGRAM_BYTES;

function noise(length: number, random: Random): Bytes {
  const drawn = randomNumbers(1);
  pool ??= Uint8Array.from({ length: POOL_BYTES }, () => below(drawn, 256));
  const at = below(random, POOL_BYTES - length);
  return pool.slice(at, at + length);
}

/**
 * Changes a datagram once or twice.
 *
 * @param others datagrams whose records are put among its own
 * @returns what arrives instead of it, none longer than UDP carries
 */
export function mutate(datagram: Bytes, random: Random, others: readonly Bytes[] = []): Bytes[] {
  let all = [datagram];
  for (let times = random() < 0.3 ? 2 : 1; times > 0; times--) {
    const change = oneOf(random, Object.values(CHANGES));
    all = all.flatMap((one) => change(one, random, others));
  }
  return all.filter(({ length }) => length <= MAX_DATAGRAM_BYTES);
}

/** Whether a datagram is another one than it was: what is sent twice, or once later, need not be. */
export function isChanged(made: Bytes, was: Bytes): boolean {
  return made.length !== was.length || made.toHex() !== was.toHex();
}

/** As {@linkcode mutate}, one datagram, which is another one than it was. */
export function mutateOne(datagram: Bytes, random: Random, others: readonly Bytes[]): Bytes {
  for (;;) {
    const made = mutate(datagram, random, others).find((one) => isChanged(one, datagram));
    if (made) return made;
  }
}

/** Where fields stand in a TLS record and in its first message: RFC 8446 5.1, 4. */
const TLS_FIELDS = [[0, 1], [1, 2], [3, 2], [5, 1], [6, 3], [9, 2], [43, 1]] as const;

/** Changes bytes of a TLS stream: what arrives is one stream still, perhaps cut into pieces. */
export function mutateStream(bytes: Bytes, random: Random, others: readonly Bytes[] = []): Bytes[] {
  const copy = bytes.slice();
  const changes: (() => Bytes)[] = [
    () => CHANGES.flip!(copy, random, [])[0]!,
    () => CHANGES.truncate!(copy, random, [])[0]!,
    () => CHANGES.extend!(copy, random, [])[0]!,
    () => noise(1 + below(random, 600), random),
    () => concatenated([copy, copy]),
    () => concatenated(others.length > 0 ? [oneOf(random, others), copy] : [copy]),
    () => {
      const [at, length] = oneOf(random, TLS_FIELDS);
      setField(at, length)(copy, random);
      return copy;
    },
  ];
  const changed = oneOf(random, changes)();
  const cut = below(random, changed.length + 1);
  return [changed.slice(0, cut), changed.slice(cut)].filter(({ length }) => length > 0);
}

/**
 * Colours for the lamps of a Philips Hue bridge: its entertainment API, HueStream 2 over DTLS with a
 * pre-shared key. The bridge gives both when its button is pressed: POST /api with
 * `{"devicetype": "...", "generateclientkey": true}`; before the stream,
 * `PUT /clip/v2/resource/entertainment_configuration/AREA` with `{"action": "start"}` begins it.
 *
 *     deno run --allow-net=127.0.0.1,0.0.0.0 --allow-ffi examples/hue.ts
 *
 * @module
 */
import { connectDtls, type DtlsConn, listenDtls } from "../dtls/mod.ts";

/** The one suite that a bridge knows: TLS_PSK_WITH_AES_128_GCM_SHA256. */
export const ciphers = "PSK-AES128-GCM-SHA256";

/** Red, green and blue of a channel, 0 to 65535 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** What a bridge gives an application, and where it is. */
export interface Bridge {
  hostname: string;
  /** 2100 on a real bridge. */
  port: number;
  /** Identity of the application. */
  username: string;
  /** Its key: 32 hexadecimal digits. */
  clientKey: string;
}

/** Connects to a bridge. */
export function connectBridge({ username, clientKey, ...address }: Bridge): Promise<DtlsConn> {
  const psk = { identity: username, key: Uint8Array.fromHex(clientKey) };
  return connectDtls({ ...address, psk, ciphers });
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** One message: the area's UUID, and a colour for each of its channels. */
export function frame(area: string, colours: readonly Colour[], sequence = 0): Uint8Array {
  // Version 2.0, the number, which a bridge does not look at, two bytes unused, RGB, one unused.
  const header = [...bytesOf("HueStream"), 2, 0, sequence & 255, 0, 0, 0, 0, ...bytesOf(area)];
  const bytes = colours.flatMap((rgb, at) => [at, ...rgb.flatMap((one) => [one >> 8, one & 255])]);
  return Uint8Array.of(...header, ...bytes);
}

/** A bridge that is none, and two frames for its three lamps. */
export async function main(): Promise<void> {
  const clientKey = crypto.getRandomValues(new Uint8Array(16)).toHex();
  await using bridge = listenDtls({
    ...{ hostname: "127.0.0.1", port: 0, ciphers },
    pskLookup: () => Uint8Array.fromHex(clientKey),
  });
  const { port } = bridge.addr;
  const account = { username: "application-1", clientKey };
  const conn = await connectBridge({ hostname: "127.0.0.1", port, ...account });
  const area = crypto.randomUUID();
  for (const [sequence, red] of [65535, 32768].entries()) {
    // A program that lives on sends 50 of them a second, as some get lost.
    await conn.send(frame(area, [[red, 0, 0], [0, red, 0], [0, 0, red]], sequence));
  }
  await conn.close();
  for await (const message of (await bridge.accept())!) {
    const name = new TextDecoder().decode(message.subarray(0, 9));
    console.log(`${name}, ${message.length} bytes, a lamp ${message.subarray(52, 59).toHex()}`);
  }
}

if (import.meta.main) await main();

/** ACS3-HMAC-SHA256 by hand, from the vendor's description of it: as little work as a client can do. */
import { createHash, createHmac, createPublicKey, randomUUID } from 'node:crypto';

const EMPTY_SHA256 = createHash('sha256').digest('hex');

export class SignedClient {
  /** @param emulator as emulator-process.mjs starts it */
  constructor(emulator) {
    this.emulator = emulator;
    this.host = new URL(emulator.endpoint).host;
  }

  /** A fresh RSA_2048 key of the HSM: its ids as parameters, and its public key. */
  async createKey() {
    const parameters = { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT/DECRYPT', ProtectionLevel: 'HSM' };
    const { KeyId } = (await this.call('CreateKey', parameters)).body.KeyMetadata;
    const { KeyVersions } = (await this.call('ListKeyVersions', { KeyId })).body;
    const { KeyVersionId } = KeyVersions.KeyVersion[0];
    const { PublicKey } = (await this.call('GetPublicKey', { KeyId, KeyVersionId })).body;
    return { KeyId, KeyVersionId, publicKey: createPublicKey(PublicKey) };
  }

  async call(action, query) {
    const { path, headers } = this.#sign(action, query);
    const response = await fetch(`${this.emulator.endpoint}${path}`, { method: 'POST', headers });
    return { status: response.status, body: await response.json() };
  }

  /** A whole request, ready to be written to a socket. */
  bytes(action, query) {
    const { path, headers } = this.#sign(action, query);
    const all = Object.entries({ ...headers, 'content-length': 0 });
    const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  }

  #sign(action, query) {
    const names = Object.keys(query).sort();
    const queryText = names.map((name) => `${name}=${encodeURIComponent(query[name])}`).join('&');
    const headers = {
      host: this.host,
      'x-acs-action': action,
      'x-acs-content-sha256': EMPTY_SHA256,
      'x-acs-date': new Date().toISOString().replace(/\.\d+/, ''),
      'x-acs-signature-nonce': randomUUID(),
      'x-acs-version': '2016-01-20',
    };
    const list = Object.keys(headers).join(';');
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const canonical = ['POST', '/', queryText, lines.join(''), list, EMPTY_SHA256].join('\n');
    const digest = createHash('sha256').update(canonical).digest('hex');
    const { accessKeyId, accessKeySecret } = this.emulator;
    const signature = createHmac('sha256', accessKeySecret)
      .update(`ACS3-HMAC-SHA256\n${digest}`)
      .digest('hex');
    headers.authorization = `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${list},Signature=${signature}`;
    return { path: `/?${queryText}`, headers };
  }
}

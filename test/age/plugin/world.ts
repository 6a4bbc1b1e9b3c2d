/** Keys in an emulator, with the recipients and identities that stand for them. */
import { inject } from 'vitest';
import { encodeKmsIdentity } from '../../../src/age/kms-identity-string.js';
import { encodeKmsRecipient } from '../../../src/age/kms-recipient-string.js';
import { parsePublicKey, requireEncryptionKey, type EncryptionKey } from '../../../src/crypto/public-key.js';
import { emulatorEnvironment } from '../../../src/cli/emulator-environment.js';
import type { Emulator, EmulatorOptions } from '../../../src/emulator/options.js';
import { startEmulator } from '../../../src/emulator/start.js';
import { send, signV3, type Params } from '../../emulator/signer.js';

const REGION = 'cn-hangzhou';

export interface WorldKey {
  readonly keyId: string;
  readonly keyVersionId: string;
  readonly key: EncryptionKey;
  readonly recipient: string;
  /** For every version of this key. */
  readonly identity: string;
}

export interface World {
  readonly emulator: Emulator;
  readonly env: NodeJS.ProcessEnv;
  /** Keys that work, by their specs. */
  readonly keys: Readonly<Record<'RSA_2048' | 'RSA_3072' | 'RSA_4096', WorldKey>>;
  /** Nobody may decrypt with it. */
  readonly denied: WorldKey;
  readonly disabled: WorldKey;
  /** Identity of a key that does not exist. */
  readonly missingIdentity: string;
  /** What `age -j` makes. */
  readonly anyIdentity: string;
  /** Calls of AsymmetricDecrypt until now. */
  decryptCalls(): number;
  /** All calls until now. */
  calls(): number;
  ok(action: string, params: Params): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function createWorld(options: EmulatorOptions = {}): Promise<World> {
  const actions: (string | null)[] = [];
  const emulator = await startEmulator({
    hsm: inject('hsm'),
    region: REGION,
    deny: [{ action: 'AsymmetricDecrypt', keyId: 'alias/denied' }],
    onRequest: ({ action }) => actions.push(action),
    ...options,
  });
  const ok = async (action: string, query: Params): Promise<Record<string, unknown>> => {
    const { status, json, text } = await send(emulator.endpoint, signV3(emulator, action, { query }));
    if (status !== 200) throw new Error(`${action}: ${text}`);
    return json;
  };
  const make = async (keySpec: string): Promise<WorldKey> => {
    const { KeyMetadata } = await ok('CreateKey', { KeySpec: keySpec, KeyUsage: 'ENCRYPT/DECRYPT' });
    const { KeyId: keyId } = KeyMetadata as { KeyId: string };
    const { KeyVersions } = await ok('ListKeyVersions', { KeyId: keyId });
    const [version] = (KeyVersions as { KeyVersion: { KeyVersionId: string }[] }).KeyVersion;
    const keyVersionId = version?.KeyVersionId ?? '';
    const { PublicKey } = await ok('GetPublicKey', { KeyId: keyId, KeyVersionId: keyVersionId });
    const key = requireEncryptionKey(parsePublicKey(Buffer.from(String(PublicKey)), keyId), keyId);
    const locator = { region: REGION, keyId, keyVersionId };
    const recipient = encodeKmsRecipient({ key, locator });
    return { keyId, keyVersionId, key, recipient, identity: encodeKmsIdentity({ region: REGION, keyId }) };
  };
  const [RSA_2048, RSA_3072, RSA_4096] = [
    await make('RSA_2048'),
    await make('RSA_3072'),
    await make('RSA_4096'),
  ];
  const [denied, disabled] = [await make('RSA_2048'), await make('RSA_2048')];
  await ok('CreateAlias', { KeyId: denied.keyId, AliasName: 'alias/denied' });
  await ok('DisableKey', { KeyId: disabled.keyId });
  const clean = { PATH: process.env['PATH'], HOME: '/nowhere', ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' };
  return {
    emulator,
    env: emulatorEnvironment(emulator, clean),
    keys: { RSA_2048, RSA_3072, RSA_4096 },
    denied,
    disabled,
    missingIdentity: encodeKmsIdentity({ region: REGION, keyId: 'key-missing' }),
    anyIdentity: encodeKmsIdentity({}),
    decryptCalls: () => actions.filter((action) => action === 'AsymmetricDecrypt').length,
    calls: () => actions.length,
    ok,
    close: () => emulator.close(),
  };
}

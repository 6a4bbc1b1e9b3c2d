/**
 * What the documentation of the service leaves open or contradicts itself about (see EMULATOR): each question is asked
 * by calls, and its answer printed, so that the emulator can be brought nearer to the truth.
 */
import { randomBytes } from 'node:crypto';
import type { Answer, Stage } from './stage.js';

/** A key for the questions, prepared once. */
export interface Subject {
  readonly keyId: string;
  readonly keyVersionId: string;
  /** Of the plaintext `canary`, by the service's own hand. */
  readonly ciphertext: string;
}

export interface Question {
  readonly question: string;
  readonly ask: (stage: Stage, subject: Subject) => Promise<string>;
}

const ALGORITHM = 'RSAES_OAEP_SHA_256';
const PLAINTEXT = Buffer.from('canary').toString('base64');

/** Status and code of an error, or `ok`. */
function outcome({ status, body }: Answer): string {
  const { Code, Message } = body as { Code?: string; Message?: string };
  return Code === undefined ? 'ok' : `${status} ${Code}: ${Message ?? ''}`;
}

export async function prepare(stage: Stage): Promise<Subject> {
  const keyId = await stage.createKey();
  const listed = await stage.call('ListKeyVersions', { KeyId: keyId });
  const { KeyVersion } = listed.body['KeyVersions'] as { KeyVersion: [{ KeyVersionId: string }] };
  const keyVersionId = KeyVersion[0].KeyVersionId;
  const key = { KeyId: keyId, KeyVersionId: keyVersionId };
  const { body } = await stage.call('AsymmetricEncrypt', {
    ...key,
    Algorithm: ALGORITHM,
    Plaintext: PLAINTEXT,
  });
  return { keyId, keyVersionId, ciphertext: String(body['CiphertextBlob']) };
}

/** Asks `action` about the subject's key. */
async function about(
  stage: Stage,
  subject: Subject,
  action: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const key = { KeyId: subject.keyId, KeyVersionId: subject.keyVersionId };
  return outcome(await stage.call(action, { ...key, ...more }));
}

function decrypt(stage: Stage, subject: Subject, ciphertext: Uint8Array | string): Promise<string> {
  const CiphertextBlob =
    typeof ciphertext === 'string' ? ciphertext : Buffer.from(ciphertext).toString('base64');
  return about(stage, subject, 'AsymmetricDecrypt', { Algorithm: ALGORITHM, CiphertextBlob });
}

/** A key that is created for one question; the answer is an error, or what `describe` makes of its metadata. */
async function creating(
  stage: Stage,
  parameters: Record<string, unknown>,
  describe: (metadata: Readonly<Record<string, unknown>>) => string = () => 'ok',
): Promise<string> {
  const answer = await stage.call('CreateKey', stage.keyParameters(parameters));
  const metadata = answer.body['KeyMetadata'] as Record<string, unknown> | undefined;
  if (metadata === undefined) return outcome(answer);
  stage.adoptKey(String(metadata['KeyId']));
  return describe(metadata);
}

async function metadataOf(stage: Stage, keyId: string): Promise<Record<string, unknown>> {
  return (await stage.call('DescribeKey', { KeyId: keyId })).body['KeyMetadata'] as Record<string, unknown>;
}

/** What each of some calls answers about a key in another state; the key is fresh. */
async function inState(stage: Stage, change: string, more: Record<string, unknown>): Promise<string> {
  const subject = await prepare(stage);
  await stage.call(change, { KeyId: subject.keyId, ...more });
  const encrypt = { Algorithm: ALGORITHM, Plaintext: PLAINTEXT };
  return [
    `GetPublicKey: ${await about(stage, subject, 'GetPublicKey')}`,
    `AsymmetricEncrypt: ${await about(stage, subject, 'AsymmetricEncrypt', encrypt)}`,
    `AsymmetricDecrypt: ${await decrypt(stage, subject, subject.ciphertext)}`,
  ].join('; ');
}

export const QUESTIONS: readonly Question[] = [
  {
    question: 'Does an asymmetric key have to live in an instance?',
    ask: (stage) => creating(stage, { DKMSInstanceId: undefined }),
  },
  {
    question: 'Which KeyUsage does an RSA key get when none is asked for?',
    ask: (stage) => creating(stage, { KeyUsage: undefined }, ({ KeyUsage }) => String(KeyUsage)),
  },
  {
    question: 'What answers EC_P256 with ENCRYPT/DECRYPT?',
    ask: (stage) => creating(stage, { KeySpec: 'EC_P256' }),
  },
  { question: 'Is RSA_4096 offered?', ask: (stage) => creating(stage, { KeySpec: 'RSA_4096' }) },
  {
    question: 'What do ids, versions and PrimaryKeyVersion look like?',
    ask: async (stage, { keyId, keyVersionId }) => {
      const { PrimaryKeyVersion } = await metadataOf(stage, keyId);
      return `${keyId}, ${keyVersionId}, ${JSON.stringify(PrimaryKeyVersion)}`;
    },
  },
  {
    question: 'Is SHA-1 still accepted?',
    ask: (stage, subject) =>
      about(stage, subject, 'AsymmetricEncrypt', { Algorithm: 'RSAES_OAEP_SHA_1', Plaintext: PLAINTEXT }),
  },
  {
    question: 'What answers a ciphertext of the right length that does not decrypt?',
    ask: (stage, subject) => decrypt(stage, subject, Buffer.concat([Buffer.alloc(1), randomBytes(255)])),
  },
  {
    question: 'What answers a ciphertext of the wrong length?',
    ask: (stage, subject) => decrypt(stage, subject, randomBytes(17)),
  },
  {
    question: 'What answers a ciphertext that is no base64?',
    ask: (stage, subject) => decrypt(stage, subject, '***'),
  },
  {
    question: 'What answers the wrong algorithm family?',
    ask: (stage, subject) =>
      about(stage, subject, 'AsymmetricDecrypt', { Algorithm: 'SM2PKE', CiphertextBlob: subject.ciphertext }),
  },
  {
    question: 'What answers a version that the key does not have, and one that is no id?',
    ask: async (stage, subject) => {
      const unknown = { ...subject, keyVersionId: '11111111-2222-3333-4444-555555555555' };
      const nonsense = { ...subject, keyVersionId: 'x'.repeat(300) };
      return `${await about(stage, unknown, 'GetPublicKey')}; ${await about(stage, nonsense, 'GetPublicKey')}`;
    },
  },
  {
    question: 'What answers a missing parameter?',
    ask: async (stage, { keyId }) => outcome(await stage.call('GetPublicKey', { KeyId: keyId })),
  },
  {
    question: 'What answers DryRun?',
    ask: (stage, subject) =>
      about(stage, subject, 'AsymmetricEncrypt', {
        Algorithm: ALGORITHM,
        Plaintext: PLAINTEXT,
        DryRun: 'true',
      }),
  },
  {
    question: 'Does CreateKeyVersion work for an asymmetric key?',
    ask: async (stage, { keyId }) => outcome(await stage.call('CreateKeyVersion', { KeyId: keyId })),
  },
  { question: 'What may be done with a disabled key?', ask: (stage) => inState(stage, 'DisableKey', {}) },
  {
    question: 'What may be done with a key that is to be deleted?',
    ask: (stage) => inState(stage, 'ScheduleKeyDeletion', { PendingWindowInDays: '7' }),
  },
  {
    question:
      'In which state is a disabled key whose deletion was cancelled, and does its alias resolve meanwhile?',
    ask: async (stage) => {
      const keyId = await stage.createKey();
      const alias = `alias/kms-asym-test-${randomBytes(6).toString('hex')}`;
      await stage.call('CreateAlias', { KeyId: keyId, AliasName: alias });
      stage.adoptAlias(alias);
      await stage.call('DisableKey', { KeyId: keyId });
      await stage.call('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: '7' });
      const resolved = outcome(await stage.call('DescribeKey', { KeyId: alias }));
      await stage.call('CancelKeyDeletion', { KeyId: keyId });
      return `${String((await metadataOf(stage, keyId))['KeyState'])}; ${resolved}`;
    },
  },
  {
    question: 'Do GetPublicKey and EnableKey take an ARN or an alias?',
    ask: async (stage, subject) => {
      const { Arn } = await metadataOf(stage, subject.keyId);
      const byArn = { ...subject, keyId: String(Arn) };
      const enable = outcome(await stage.call('EnableKey', { KeyId: 'alias/kms-asym-test-none' }));
      return `GetPublicKey by ARN: ${await about(stage, byArn, 'GetPublicKey')}; EnableKey by alias: ${enable}`;
    },
  },
  {
    question: 'What answers a page size of 0, 100 and 101?',
    ask: async (stage) => {
      const sizes = ['0', '100', '101'];
      const answers = [];
      for (const PageSize of sizes)
        answers.push(`${PageSize}: ${outcome(await stage.call('ListKeys', { PageSize }))}`);
      return answers.join('; ');
    },
  },
  {
    question: 'What answers signatures that are none?',
    ask: async (stage) => {
      const keyId = await stage.createKey({ KeyUsage: 'SIGN/VERIFY' });
      const listed = await stage.call('ListKeyVersions', { KeyId: keyId });
      const { KeyVersion } = listed.body['KeyVersions'] as { KeyVersion: [{ KeyVersionId: string }] };
      const call = (digestBytes: number, valueBytes: number) =>
        stage.call('AsymmetricVerify', {
          KeyId: keyId,
          KeyVersionId: KeyVersion[0].KeyVersionId,
          Algorithm: 'RSA_PSS_SHA_256',
          Digest: randomBytes(digestBytes).toString('base64'),
          Value: randomBytes(valueBytes).toString('base64'),
        });
      const told = (answer: Answer): string =>
        `${outcome(answer)} ${JSON.stringify({ Value: answer.body['Value'] })}`;
      return `right length: ${told(await call(32, 256))}; short: ${told(await call(32, 3))}; digest of 20: ${told(await call(20, 256))}`;
    },
  },
  {
    question: 'What answers a wrong signature, and which members does an error have?',
    ask: async (stage) => {
      const answer = await stage.call('ListKeys', {}, 'wrong');
      return `${answer.status} ${String(answer.body['Code'])}; ${Object.keys(answer.body).sort().join(', ')}`;
    },
  },
  {
    question: 'What answers the deletion of a protected key?',
    ask: async (stage) => {
      const keyId = await stage.createKey();
      const { Arn } = await metadataOf(stage, keyId);
      const protect = (on: boolean) =>
        stage.call('SetDeletionProtection', {
          ProtectedResourceArn: Arn,
          EnableDeletionProtection: String(on),
        });
      await protect(true);
      const answer = await stage.call('ScheduleKeyDeletion', { KeyId: keyId, PendingWindowInDays: '7' });
      await protect(false);
      return outcome(answer);
    },
  },
];

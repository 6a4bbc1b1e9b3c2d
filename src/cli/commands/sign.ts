/** `sign`: the digest is made here, over data of any size, and AsymmetricSign signs it; the private key stays in KMS. */
import { Option, type Command } from 'commander';
import type { SignatureAlgorithmName } from '../../crypto/algorithms.js';
import { encodeBase64 } from '../../crypto/encoding.js';
import { SignedData } from '../../crypto/signature.js';
import { KmsAsymError } from '../../errors.js';
import { openInput, type Input } from '../../io/input.js';
import type { KmsClient, SignOutput } from '../../kms/client.js';
import type { Context } from '../context.js';
import { chooseKeySource, type KeyOptions } from '../key-source.js';
import { keyIdOption, newestVersionOption, text, type GlobalOptions } from '../options.js';
import { openOutputBesideJson } from '../output-option.js';
import { chooseRegion, withKms } from '../settings.js';
import { algorithmOption, readSigned } from '../signing.js';
import { findSigningKey, type SigningKey } from '../signing-key.js';

interface Options extends GlobalOptions, KeyOptions {
  readonly algorithm?: SignatureAlgorithmName;
  readonly output?: string;
  readonly armor?: boolean;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .argument('[input]', 'file to sign; without it, or with -, stdin')
    .addOption(keyIdOption())
    .addOption(newestVersionOption())
    .addOption(
      new Option(
        '--public-key <file>',
        'public key file whose lines name key and version (env: KMS_ASYM_PUBLIC_KEY); the signature is checked with it',
      ).argParser(text),
    )
    .addOption(algorithmOption())
    .addOption(new Option('-o, --output <file>', 'file to write; default is stdout').argParser(text))
    .option('-a, --armor', 'write text: one line of base64')
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: Options, self: Command) =>
      run(input, self.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
Only the SHA-256 digest of the input is sent. RSA signatures are raw bytes, ECDSA ones DER, as openssl has them.
  kms-asym sign --key-id alias/release release.tar -o release.tar.sig
  kms-asym verify --public-key release.pem --signature release.tar.sig release.tar
  openssl dgst -sha256 -verify release.pem -signature release.tar.sig release.tar   # EC_P256, EC_P256K`;

async function run(inputPath: string | undefined, options: Options, context: Context): Promise<void> {
  const source = chooseKeySource(options, context.env);
  const region = chooseRegion(options, context.env, 'file' in source ? source.file.region : undefined);
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const kind = options.armor === true ? 'text' : 'binary';
    const output = openOutputBesideJson(options, context, { kind, textFlag: '--armor', input });
    const signed = await withKms(context, options, region, async (kms) => {
      const key = await findSigningKey(kms, source, options.algorithm, context.terminal);
      return sign(kms, key, input, context);
    });
    await output?.write(
      options.armor === true ? Buffer.from(`${encodeBase64(signed.signature)}\n`) : signed.signature,
    );
    await output?.commit();
    if (options.json === true) {
      await context.terminal.json({ ...describe(signed), Region: region, Output: options.output });
    }
  } finally {
    input.close();
  }
}

/** What was signed, by whom and how. */
interface Signed extends SignOutput {
  readonly algorithm: SignatureAlgorithmName;
  readonly input: Input;
  readonly digest: Buffer;
}

async function sign(
  kms: KmsClient,
  { ref, algorithm, publicKey }: SigningKey,
  input: Input,
  context: Context,
): Promise<Signed> {
  const data = new SignedData(publicKey && { publicKey, algorithm });
  await readSigned(input, data, context);
  const digest = data.digest();
  const answer = await kms.asymmetricSign(ref, algorithm, digest);
  if (publicKey && !data.isSignedBy(answer.signature)) throw foreignSignature(answer);
  await context.terminal.detail(`key ${answer.keyId}, version ${answer.keyVersionId}, ${algorithm}`);
  return { ...answer, algorithm, input, digest };
}

function describe({ algorithm, keyId, keyVersionId, input, digest, signature, requestId }: Signed) {
  return {
    Algorithm: algorithm,
    KeyId: keyId,
    KeyVersionId: keyVersionId,
    Input: input.name,
    Digest: encodeBase64(digest),
    Signature: encodeBase64(signature),
    RequestId: requestId,
  };
}

function foreignSignature({ keyId, keyVersionId }: SignOutput): KmsAsymError {
  return new KmsAsymError(
    'key-mismatch',
    `what the service signed with version "${keyVersionId}" of key "${keyId}" does not verify with the public key file`,
    {
      hints: ['the file holds the public key of another key or version: write it again with get-public-key'],
    },
  );
}

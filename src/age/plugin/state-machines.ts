/** What an age client may start a plugin for, by the names of C2SP age-plugin.md. */
import type { Connection } from './connection.js';
import type { PluginHost } from './host.js';
import { runIdentityV1 } from './identity-v1.js';
import { runRecipientV1 } from './recipient-v1.js';

/** Speaks with the client until both are done. */
export type StateMachine = (connection: Connection, host: PluginHost) => Promise<void>;

/** All state machines. */
export const STATE_MACHINES: Readonly<Record<string, StateMachine>> = {
  'recipient-v1': runRecipientV1,
  'identity-v1': runIdentityV1,
};

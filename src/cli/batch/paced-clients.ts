/** The connections of a run over many files: they share one rate of calls, and back off together. */
import { SharedPace } from '../../kms/pace.js';
import type { Context } from '../context.js';
import { KmsClients } from '../kms-clients.js';
import type { GlobalOptions } from '../options.js';
import { DEFAULT_QPS } from './options.js';

/** Clients that together make no more than `--qps` calls per second. */
export function openPacedClients(
  options: GlobalOptions & { readonly qps?: number },
  context: Context,
): KmsClients {
  const { terminal } = context;
  const { qps = DEFAULT_QPS } = options;
  const onThrottled = (): void => {
    terminal.noteAside('the service throttles: all calls wait together, and go on slower');
  };
  return new KmsClients(context, options, {
    pace: new SharedPace({ perSecond: qps === 0 ? Infinity : qps, onThrottled }),
    onRetry: ({ action, reason }) => {
      terminal.detail(`${action}: ${reason}; trying again`).catch(() => undefined);
    },
  });
}

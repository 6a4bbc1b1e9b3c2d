/** What the second thread of a large file runs: its share, then one message that it is done. */
import { parentPort, workerData } from 'node:worker_threads';
import type { BulkJob } from '../src/cli/bulk/job.js';
import { doShare } from '../src/cli/bulk/share.js';

parentPort?.postMessage(doShare(workerData as BulkJob));

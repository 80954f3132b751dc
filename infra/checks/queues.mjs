// Event source mappings and their queues: the visibility timeout against the function's, batch sizes, concurrency,
// receives, dead-letter queues. Limits by AWS's documentation: lambda/latest/dg/services-sqs-configure.html ("set the
// queue's visibility timeout to at least six times your function timeout, plus the value of
// MaximumBatchingWindowInSeconds"; maximum concurrency 2 to 1000; "set maxReceiveCount to at least 5"), and what this
// project's functions ask for (their READMEs: SES asks for waits of up to ten minutes, so ten receives).
import { document, qualifierOf, queueNameOf } from './plan.mjs';
import { block } from './values.mjs';

const TIMES = 6;
const MIN_RECEIVES = 10;
const MAX_BATCH = 10; // more needs a batching window, and a batch must fit into the timeout
const MAX_VISIBILITY_S = 43200;
const DEAD_LETTER_RETENTION_S = 14 * 24 * 3600;
// A batch of the settlement is itself a list of sellers.
const BATCH_SIZES = { 'settlement-report': 1 };

function redriveOf(plan, queue) {
  const own = queue.values.redrive_policy;
  if (own) return document(own);
  const apart = plan.of('aws_sqs_queue_redrive_policy').find(({ values }) => queueNameOf(values.queue_url) === queue.name);
  return apart ? document(apart.values.redrive_policy) : null;
}

function checkQueue(plan, queue, fault) {
  const redrive = redriveOf(plan, queue);
  if (!redrive) return fault('has no redrive policy: a message that always fails comes for ever');
  if (!(Number(redrive.maxReceiveCount) >= MIN_RECEIVES)) fault(`maxReceiveCount is ${redrive.maxReceiveCount}, less than ${MIN_RECEIVES}`);
  const dead = plan.queue(queueNameOf(redrive.deadLetterTargetArn));
  if (!dead) return fault(`its dead-letter queue ${redrive.deadLetterTargetArn} is not in the plan`);
  if (!(dead.values.message_retention_seconds >= DEAD_LETTER_RETENTION_S)) fault(`its dead-letter queue keeps messages for ${dead.values.message_retention_seconds} s, less than 14 days`);
  return undefined;
}

function checkMapping(plan, one, { address, values }) {
  const faults = [];
  const fault = (text) => faults.push(`${address}: ${text}`);
  const queue = plan.queue(queueNameOf(values.event_source_arn));
  const concurrency = block(values.scaling_config).maximum_concurrency;
  const most = BATCH_SIZES[one.kind] ?? MAX_BATCH;
  if (!(values.batch_size >= 1 && values.batch_size <= most)) fault(`the batch size is ${values.batch_size}, not 1 to ${most}`);
  if (![values.function_response_types].flat().includes('ReportBatchItemFailures')) fault('without ReportBatchItemFailures Lambda deletes the messages that failed');
  if (qualifierOf(values.function_name) !== 'live') fault(`it invokes ${values.function_name}, not the alias "live"`);
  if (!(concurrency >= 2 && concurrency <= 1000)) fault(`the maximum concurrency is ${concurrency}, not 2 to 1000`);
  const reserved = one.reserved !== null && one.reserved >= 0 ? one.reserved : Infinity;
  if (concurrency > reserved) fault(`the maximum concurrency ${concurrency} is more than the function's reserved ${reserved}: messages are throttled to the dead-letter queue`);
  if (!queue) {
    fault(`its queue ${values.event_source_arn} is not in the plan`);
    return faults;
  }
  const needed_s = TIMES * one.timeout_s + (values.maximum_batching_window_in_seconds ?? 0);
  const visibility_s = queue.values.visibility_timeout_seconds;
  if (!(visibility_s >= needed_s)) fault(`the visibility timeout of ${queue.name} is ${visibility_s} s, less than six times the function's timeout: ${needed_s} s`);
  if (visibility_s > MAX_VISIBILITY_S) fault(`the visibility timeout of ${queue.name} is more than ${MAX_VISIBILITY_S} s`);
  checkQueue(plan, queue, (text) => fault(`${queue.name}: ${text}`));
  return faults;
}

// Returns the faults, as sentences.
export const checkQueues = (plan) => plan.functions.flatMap((one) => one.mappings.flatMap((mapping) => checkMapping(plan, one, mapping)));

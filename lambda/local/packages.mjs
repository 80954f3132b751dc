// The one place that states where the packages of npm are: build/local, put there by setup.sh. Two
// of them are used below their public entry points, which is why package-lock.json pins their
// versions: fauxqs's routes are called without its HTTP server, whose URL parser would resolve "../"
// in keys, and dynalite's without one at all.
import inject from '../../build/local/node_modules/light-my-request/index.js';
import signature from '../../build/local/node_modules/@smithy/signature-v4/dist-cjs/index.js';
import ses from '../../build/local/node_modules/aws-ses-v2-local/dist/index.js';

export { buildApp } from '../../build/local/node_modules/fauxqs/dist/app.js';
export { registerS3Routes } from '../../build/local/node_modules/fauxqs/dist/s3/s3Router.js';
export { S3Store } from '../../build/local/node_modules/fauxqs/dist/s3/s3Store.js';
export { INVALID_MESSAGE_BODY_CHAR } from '../../build/local/node_modules/fauxqs/dist/sqs/sqsTypes.js';
export { SqsStore } from '../../build/local/node_modules/fauxqs/dist/sqs/sqsStore.js';
export const { SignatureV4, createScope, getCanonicalHeaders, getSigningKey } = signature;
export const startSes = ses.default;
export { inject };
// fauxqs brings light-my-request, by way of fastify.
export const loadDynalite = async () => (await import('../../build/local/node_modules/dynalite/index.js')).default;

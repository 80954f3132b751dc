// The environment that Lambda gives a function of the `provided.al2023` kind, as its developer guide
// lists it. Nothing of this process's own environment is passed on.
import { randomBytes } from 'node:crypto';

// Account and credentials of the local cloud; they are valid nowhere else.
export const ACCOUNT = '000000000000';
export const DEFAULT_REGION = 'ap-northeast-2';
export const DEFAULT_CREDENTIALS = {
  accessKeyId: 'AKIALOCALCLOUD000000',
  secretAccessKey: 'local/secret+key/of/the/local/cloud/0000',
  sessionToken: 'local-session-token',
};

export const functionArn = (name, region) => `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}`;

// config: see LambdaFunction; runtime_api: "host:port". Variables of the config override the others.
export function lambdaEnvironment(config, runtime_api) {
  const { accessKeyId, secretAccessKey, sessionToken } = config.credentials;
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  const environment = {
    PATH: '/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: config.task_root,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    _HANDLER: config.handler,
    AWS_REGION: config.region,
    AWS_DEFAULT_REGION: config.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: config.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memory_mb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: 'INFO',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${config.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[${config.version}]${randomBytes(16).toString('hex')}`,
    AWS_LAMBDA_RUNTIME_API: runtime_api,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
  };
  if (config.xray_address) environment.AWS_XRAY_DAEMON_ADDRESS = config.xray_address;
  if (sessionToken) environment.AWS_SESSION_TOKEN = sessionToken;
  return { ...environment, ...config.environment };
}

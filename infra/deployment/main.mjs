// The command infra/deploy.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Aws, AwsError } from './aws.mjs';
import { Refused, deploy, describe, findChanges, migrate, migratesFirst } from './deployment.mjs';
import { PlanError, chooseTargets, readPlan } from './plan.mjs';

const HELP = `infra/deploy dev|prod [FUNCTION...] [OPTION...]

Moves the alias of each function to the version that the last \`terraform apply\` published: looks at alarms and
versions, runs the new versions' migrations, then lets CodeDeploy check and shift traffic (canary: 10 % for 15
minutes; settlement: all at once after a dry run), waits, and reports what happened. A function whose alias has the
version already is left alone, so the same command may be run again.

  FUNCTION              image, email, settlement, webhook, toss, deploy (the hook) (default: all)
  --to FUNCTION=N       version N instead of the published one: to roll back. No migrations backwards
  --platform NAME       migrations with the platform's mapping: snake_case or camel_case
  --dry-run             what would be done; migrations as a dry run; nothing changes
  --outputs FILE        what \`terraform output -json\` wrote (default: it is run)
  --wait MINUTES        how long to wait (default 60)
  --poll SECONDS        how often to look (default 15)

Needs the AWS CLI 1.19 or later, or 2, and Node.js. Credentials and region are those of the AWS CLI.
Exit status: 0 done, 1 refused, failed or rolled back, 2 wrong use, 3 the AWS CLI failed.
`;

class UsageError extends Error {}

const VALUES = ['--to', '--platform', '--outputs', '--wait', '--poll'];

function positive(name, text) {
  const number = Number(text);
  if (!(number > 0) || !Number.isFinite(number)) throw new UsageError(`${name} ${text}: a number over 0 is needed`);
  return number;
}

function assign(options, name, value) {
  if (name === '--to') {
    const [key, version, ...rest] = value.split('=');
    if (!key || !version || rest.length > 0) throw new UsageError(`--to ${value}: FUNCTION=N is needed`);
    options.to[key] = version;
  } else if (name === '--platform') {
    if (!/^[a-z][a-z0-9_]*$/.test(value)) throw new UsageError(`--platform ${value}: a name such as snake_case is needed`);
    options.platform = value;
  } else if (name === '--outputs') {
    options.outputs = value;
  } else if (name === '--wait') {
    options.wait_ms = positive(name, value) * 60000;
  } else {
    options.poll_ms = positive(name, value) * 1000;
  }
}

function parse(args) {
  const options = { environment: null, keys: [], to: {}, platform: null, outputs: null, wait_ms: 3600000, poll_ms: 15000, dry_run: false };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--help' || arg === '-h') return null;
    if (arg === '--dry-run') options.dry_run = true;
    else if (VALUES.includes(arg)) {
      if (args[i + 1] === undefined) throw new UsageError(`${arg} needs a value`);
      assign(options, arg, args[++i]);
    } else if (arg.startsWith('-')) throw new UsageError(`unknown option ${arg}`);
    else if (options.environment === null) options.environment = arg;
    else options.keys.push(arg);
  }
  if (!['dev', 'prod'].includes(options.environment)) throw new UsageError('the environment is dev or prod');
  return options;
}

async function run(options, aws, say) {
  const plan = readPlan(options.environment, options.outputs);
  const targets = chooseTargets(plan, options.keys, options.to);
  await aws.checkVersion();
  const changes = await findChanges(aws, targets, say);
  changes.forEach((change) => say(describe(change)));
  if (changes.some(migratesFirst)) await migrate(aws, changes, options, say);
  if (options.dry_run || changes.length === 0) {
    say(changes.length === 0 ? 'nothing to do' : 'dry run: nothing was changed');
    return 0;
  }
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const failures = await deploy(aws, plan, changes, { ...options, sleep }, say);
  say(failures === 0 ? 'all done' : `${failures} of ${changes.length} not deployed: infra/guides/on_call.md#deployment`);
  return failures === 0 ? 0 : 1;
}

// The exit status; say and sayError take a line each.
export async function command(args, { aws, say, sayError }) {
  try {
    const options = parse(args);
    if (options !== null) return await run(options, aws, say);
    say(HELP.trimEnd());
    return 0;
  } catch (error) {
    const known = [[UsageError, 2], [PlanError, 2], [Refused, 1], [AwsError, 3]].find(([kind]) => error instanceof kind);
    if (!known) throw error;
    sayError(error instanceof UsageError ? `${error.message}\n\n${HELP.trimEnd()}` : error.message);
    return known[1];
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  process.once('SIGINT', () => {
    process.stdout.write('interrupted; deployments that were started go on. To stop one and go back: aws deploy stop-deployment --auto-rollback-enabled --deployment-id ID\n');
    process.exit(130);
  });
  process.exitCode = await command(process.argv.slice(2), {
    aws: new Aws(), say: (line) => process.stdout.write(`${line}\n`), sayError: (line) => process.stderr.write(`${line}\n`),
  });
}
